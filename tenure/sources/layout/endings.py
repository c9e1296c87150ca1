"""Rows at the end that are not customers: totals, footnotes, rows without a value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenure.sources.layout.cells import filled, is_measured, is_missing, shape
from tenure.sources.layout.rows import Row

MAX_ENDINGS = 20
"""Totals and footnotes; rows without a value are not limited."""
MIN_ROWS = 3
TOTAL = re.compile(
    r"(grand |sub-?|over-?all )?(totals?|sums?|average|mean|count|records?|summe|gesamt\w*|insgesamt|anzahl"
    r"|durchschnitt|totaal|totale|suma|total g[eé]n[eé]ral|somme|итого|всего)(\s*[:.=(].*|\s+(of|rows?)\b.*)?",
    re.IGNORECASE,
)


def body_of(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows of a whole table that are compared with its last ones, and hardly end it themselves."""
    count = len(rows)
    while count and not filled(rows[count - 1].cells):
        count -= 1
    return rows[: max(count // 2, count - MAX_ENDINGS)]


def count_endings(tail: Sequence[Row], body: Sequence[Row]) -> int:
    """How many of the last rows are not rows of the table.

    They are rows without a value; a total, which begins with a word for one and is else blank or numeric; and a
    footnote, a text in a row's only cell where no other row has only one. A last row that is cut off looks like the
    beginning of the rows before it, and is not one of these.

    Args:
        tail: the last rows of the file, in its order.
        body: rows of the table, which the last ones are compared with.
    """
    rows = [row for row in body if filled(row.cells)]
    if len(rows) < MIN_ROWS:
        return 0
    width = max(len(row.cells) for row in rows)
    firsts = {row.cells[0].strip() for row in rows}
    shapes = {shape(first) for first in firsts}
    fewest = min(filled(row.cells) for row in rows)
    found = notable = 0
    for row in reversed(tail):
        if filled(row.cells) and (
            notable == MAX_ENDINGS
            or not (_is_total(row.cells, firsts) or _is_footnote(row.cells, width, fewest, shapes))
        ):
            break
        found += 1
        notable += bool(filled(row.cells))
    return found


def ending_note(tail: Sequence[Row], count: int) -> str:
    """The evidence, for a person."""
    rows = [row for row in tail[-count:] if filled(row.cells)]
    what = "row is" if count == 1 else f"{count} rows are"
    if not rows:
        return f"the last {what} without a value"
    return f"the last {what} no customer{'s' if count > 1 else ''}: '{rows[0].shown}'"


def _is_total(cells: list[str], firsts: set[str]) -> bool:
    words = [cell.strip() for cell in cells if cell.strip() and not is_measured(cell) and not is_missing(cell)]
    return len(words) == 1 and TOTAL.fullmatch(words[0]) is not None and words[0] not in firsts


def _is_footnote(cells: list[str], width: int, fewest: int, shapes: set[str]) -> bool:
    first = cells[0].strip()
    if not first or is_measured(first) or shape(first) in shapes:
        return False
    alone = filled(cells) == 1 and fewest > 1
    # A sentence with delimiters in it.
    ragged = len(cells) < width and filled(cells) < fewest and (" " in first or ":" in first)
    return alone or ragged
