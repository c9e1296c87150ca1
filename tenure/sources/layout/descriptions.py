"""Rows under the column names that describe the columns: questions of a survey, types, units."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.sources.layout.cells import is_measured, is_missing, shape
from tenure.sources.layout.rows import Row

MAX_DESCRIPTIONS = 3
MIN_ROWS = 5
"""Fewer rows say nothing about a column."""
MEASURED_SHARE = 0.95
ALIKE_SHARE = 0.5


def count_descriptions(rows: Sequence[Row]) -> int:
    """How many of the first rows under the column names are descriptions.

    A row describes the columns if it holds a text in at least two columns whose other values are numbers or dates (in
    one, if there is one such column), holds no number in any of them, and looks in no other column like the values
    there. A word that stands elsewhere in the rows too is a value, not a description.

    Args:
        rows: the rows under the column names.
    """
    found = 0
    while found < MAX_DESCRIPTIONS and _describes(rows[found].cells if found < len(rows) else [], rows[found + 1 :]):
        found += 1
    # A second row may describe too and hide the first one from the test above.
    for more in range(found + 1, MAX_DESCRIPTIONS):
        others = rows[more + 1 :]
        if len(rows) > more and all(_describes(row.cells, others) for row in rows[found : more + 1]):
            return more + 1
    return found


def description_note(rows: Sequence[Row], count: int) -> str:
    """The evidence, for a person."""
    what = "row under the column names describes" if count == 1 else f"{count} rows under the column names describe"
    return f"the first {what} the columns, with texts where the other rows have numbers: '{rows[0].shown}'"


def _describes(cells: list[str], others: Sequence[Row]) -> bool:
    if len(others) < MIN_ROWS:
        return False
    texts = columns = 0
    for place, cell in enumerate(cells):
        values = [row.cells[place] for row in others if place < len(row.cells) and not is_missing(row.cells[place])]
        if len(values) < MIN_ROWS:
            continue
        if sum(map(is_measured, values)) >= MEASURED_SHARE * len(values):
            columns += 1
            if is_measured(cell) or cell in values:
                return False
            texts += not is_missing(cell)
        elif cell.strip() and _is_alike(cell, values):
            return False
    return texts >= min(columns, 2) and texts > 0 and not _is_value_elsewhere(cells, others)


def _is_alike(cell: str, values: list[str]) -> bool:
    """Whether ``cell`` is one of a column's values, or has the shape of identifiers there."""
    own = shape(cell)
    return cell in values or ("9" in own and sum(shape(value) == own for value in values) >= ALIKE_SHARE * len(values))


def _is_value_elsewhere(cells: list[str], others: Sequence[Row]) -> bool:
    words = {cell.strip() for cell in cells if cell.strip() and not is_missing(cell)}
    return any(words & {cell.strip() for cell in row.cells} for row in others)
