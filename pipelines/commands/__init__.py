"""The commands of ``tenure``, a file a group. Only typer is imported before a command runs."""
