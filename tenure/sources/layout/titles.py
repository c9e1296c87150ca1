"""Titles above the column names: the name of an export, its date, who made it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenure.sources.layout.cells import filled, is_measured
from tenure.sources.layout.rows import Row, usual_fill

MAX_TITLES = 20
NAMED_SHARE = 0.8
"""A row of column names has a name for at least this share of a typical row's values."""
YEAR = re.compile(r"(19|20)\d\d")
TITLE_SHARE = 0.5
"""A title fills at most this share of a typical row's cells, unless it has another number of cells."""


def find_header(rows: Sequence[Row]) -> int:
    """Position of the row that holds the column names: 0 unless the rows above it are surely titles.

    A title is a row with few cells filled, or with fewer cells than the others, above a row of distinct texts that
    fills as many cells as the rows under it. A table of one column has no titles: they could not be told from names.
    """
    usual = usual_fill(rows)
    if usual < 2:
        return 0
    width = max((len(row.cells) for row in rows[1 : MAX_TITLES * 2]), default=0)
    for position, row in enumerate(rows[: MAX_TITLES + 1]):
        if _is_names(row.cells, usual, rows[position + 1 :]):
            return position + _is_group(row.cells, rows[position + 1 :], usual)
        values = filled(row.cells)
        sparse = values < 2 or (values <= TITLE_SHARE * usual and bool(row.cells[0].strip()))
        ragged = len(row.cells) < min(width, usual)
        if not sparse and not ragged:
            break
    return 0


def title_note(rows: Sequence[Row], header: int) -> str:
    """The evidence, for a person."""
    titles = rows[:header]
    what = "line is a title" if rows[header].line == 1 else f"{rows[header].line} lines are titles"
    quoted = "; ".join(f"'{row.shown}'" for row in titles[:2])
    return f"the first {what} above the column names: {quoted}"


def _is_group(cells: list[str], under: Sequence[Row], usual: int) -> bool:
    """Whether names with gaps or repeats are those of groups of columns, with a full row of column names under it."""
    if not under or len(under[0].cells) < len(cells):
        return False
    own, names = [[cell.strip() for cell in row] for row in (cells, under[0].cells)]
    if len({cell for cell in own if cell}) == len(own) or not all(names) or len(set(names)) < len(names):
        return False
    return not set(own) & set(names) and _is_names(under[0].cells, usual, under[1:])


def _is_names(cells: list[str], usual: int, under: Sequence[Row]) -> bool:
    texts = [cell.strip() for cell in cells if cell.strip()]
    if len(texts) < max(2, NAMED_SHARE * usual) or 2 * len(set(texts)) < len(texts):
        return False
    if any(is_measured(text) and not YEAR.fullmatch(text) for text in texts):
        return False
    # A value stands in its column again, a name does not.
    named = [(place, cell) for place, cell in enumerate(cells) if cell.strip()]
    return not any(place < len(row.cells) and row.cells[place] == cell for place, cell in named for row in under)
