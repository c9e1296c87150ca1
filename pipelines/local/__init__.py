"""A run on this machine: the runner process, its record, its display."""
