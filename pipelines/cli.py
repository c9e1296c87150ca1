"""The command line: ``tenure``. Each group of commands is a module of ``pipelines.commands``."""

from __future__ import annotations

from importlib import import_module

import typer

from pipelines.commands.options import EXIT_CODES
from tenure.file_modes import keep_files_private

COMMANDS = (
    "contracts",
    "documents",
    "generating",
    "running",
    "submitting",
    "scheduling",
    "runs",
    "models",
    "signatures",
    "serving",
    "batch",
    "rollout",
    "reports",
)
"""Modules whose function ``register`` adds commands, in the order of ``--help``."""

app = typer.Typer(
    name="tenure",
    help="Predict which customers will leave, from a table and one YAML file that says what its columns mean.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in COMMANDS:
    import_module(f"pipelines.commands.{module}").register(app)


@app.callback(invoke_without_command=True)
def version_option(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    """Predict which customers will leave, from a table and one YAML file that says what its columns mean."""
    if version:
        from tenure import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    keep_files_private()
    app(prog_name="tenure")


if __name__ == "__main__":
    main()
