"""Tables on standard output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

MIN_WIDTH = 72


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headers; a header that starts with ``>`` is of numbers, set to the right.

    On a terminal long words are folded to its width; through a pipe nothing is cut.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for header in headers:
        right = header.startswith(">")
        table.add_column(header.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    width = max(MIN_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000
    Console(width=width, highlight=False).print(table)


def number(value: float | None, places: int = 3) -> str:
    """A number with ``places`` decimals; a dash for none."""
    return "-" if value is None else f"{value:,.{places}f}"
