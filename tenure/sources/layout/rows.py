"""A row of a file or sheet before it is known what the row is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from tenure.sources.layout.cells import filled


@dataclass(frozen=True)
class Row:
    """A row that is not blank."""

    line: int
    """Number of lines (of a sheet: rows) above it."""
    cells: list[str]

    @property
    def shown(self) -> str:
        """The cells with a value, for a note."""
        text = " | ".join(" ".join(cell.split()) for cell in self.cells if cell.strip())
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


SHOWN = 60
"""Characters of a row that a note quotes."""


def usual_width(rows: Sequence[Row]) -> int:
    """The most common number of cells; of equally common ones the larger; 0 without rows.

    Rows of one cell above all longer ones do not count: there may be more titles than rows of a table.
    """
    below = list(dropwhile(lambda row: len(row.cells) == 1, rows)) or rows
    widths = Counter(len(row.cells) for row in below)
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def usual_fill(rows: Sequence[Row]) -> int:
    """The number of cells with a value that a quarter of the rows reach; 0 without rows."""
    counts = sorted(filled(row.cells) for row in rows)
    return counts[len(counts) * 3 // 4] if counts else 0
