"""Tables in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = "   "
"""Between two columns."""


def text_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under headers and a line, without a line end after the last row. None is an empty cell.

    Args:
        headers: a header that starts with ``>`` is of a column of numbers, which is aligned to the right.
        rows: as many cells each as there are headers.

    Examples:
        >>> print(text_table(["check", ">rows"], [("types", 3), ("nulls", 12)]))
        check   rows
        ────────────
        types      3
        nulls     12
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    names = [header.lstrip(">") for header in headers]
    right = [header.startswith(">") for header in headers]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        aligned = zip(row, widths, right, strict=True)
        return GAP.join(cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in aligned)

    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    return "\n".join([line(names), rule, *map(line, cells)])
