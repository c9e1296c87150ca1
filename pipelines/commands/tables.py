"""Tables on standard output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from tenure.text_table import text_table

MIN_WIDTH = 72
PIPE_WIDTH = 10_000
"""Characters of a line where standard output is not a terminal: nothing is folded."""
FIRST_COMBINING = "\u0300"
"""All printable characters before this one are one column wide on a terminal."""


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headers, as ``tenure.text_table``; on a terminal long cells are folded to its width."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    width = max(MIN_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PIPE_WIDTH
    if all(cell.isprintable() and max(cell, default="") < FIRST_COMBINING for row in cells for cell in row):
        table = text_table(headers, cells)
        if table.index("\n") <= width:
            print(table)
            return
    _print_folded(headers, cells, width)


def _print_folded(headers: Sequence[str], cells: list[list[str]], width: int) -> None:
    # rich takes longer to import than most commands take to run: it is left to the tables that need it.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for header in headers:
        right = header.startswith(">")
        table.add_column(header.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in cells:
        table.add_row(*map(Text, row))
    Console(width=width, highlight=False).print(table)


def number(value: float | None, places: int = 3) -> str:
    """``value`` with ``places`` decimals; a dash for None."""
    return "-" if value is None else f"{value:,.{places}f}"


def default_mark(rests_on_defaults: bool) -> str:
    """What stands behind a sum of money that rests on default business values; see ``say_defaults``."""
    return " *" if rests_on_defaults else ""


def say_defaults(any_marked: bool) -> None:
    """Print what the mark means, under a table that has one."""
    if any_marked:
        print("* rests on default business values: set them under 'business' in the contract")
