"""Texts that are nearly numbers or dates: they stay texts, and a comment says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tenure.drafting.phrases import shorten
from tenure.drafting.survey import ColumnSurvey
from tenure.parsing.moment_formats import find_moment_format
from tenure.parsing.number_formats import may_be_number

MOST_LOOKED_AT = 100
USUAL_SHARE = 0.8
"""Share of a column's texts that are numbers or dates, each in a format of its own."""
_WITH_UNIT = re.compile(r"[+-]?[0-9][0-9.,' ]*+\s*(?:[^\W\d_%]{1,6}\.?|‰)")
_DATE_LIKE = re.compile(
    r"(?:\w{3,10}[., ]+)?[0-9]{1,2}(?:st|nd|rd|th|\.|er|º)? +(?:de +)?[^\W\d]{3,10}\.?,? +(?:de +)?[0-9]{4}.*"
    r"|[^\W\d]{3,10} +[0-9]{1,2}(?:st|nd|rd|th),? +[0-9]{4}.*"
    r"|[^\W\d]{3} [^\W\d]{3} +[0-9]{1,2} [0-9:]{5,8} (?:\w+ )?[0-9]{4}"
)
_DIGITS = re.compile("[0-9]+")
_TIME_OF_DAY = re.compile(r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?: ?[AaPp][Mm])?")
FIRST_SERIAL, LAST_SERIAL = 20_000, 60_000
"""Days since 1899-12-30 of 1954 and 2064, as spreadsheets count them."""


def why_text(column: ColumnSurvey) -> str | None:
    """What the texts of a column are nearly, for a comment; None if nothing in particular, or they are understood."""
    if column.kind != "text":
        return None
    texts = [text for text in column.evidence if text not in column.missing_texts][:MOST_LOOKED_AT]
    known: tuple[tuple[Callable[[str], object], str], ...] = (
        (may_be_number, "numbers in several formats"),
        (_is_date, "dates in several formats"),
        (_TIME_OF_DAY.fullmatch, "times of day"),
        (_DATE_LIKE.fullmatch, "dates in a format that is not read"),
        (_WITH_UNIT.fullmatch, "numbers with a unit or a suffix"),
    )
    for is_one, what in known:
        found = [text for text in texts if is_one(text)]
        is_code = all(map(_DIGITS.fullmatch, found))
        if len(found) > 1 and len(found) >= USUAL_SHARE * len(texts) and not is_code:
            return f"{what} ({_examples(found)}): convert them before"
    return None


def may_be_serial_days(column: ColumnSurvey) -> bool:
    """Whether the numbers of a column of dates, by its name, may be a spreadsheet's days."""
    if column.low is None or column.high is None or column.kind not in ("integer", "number"):
        return False
    return FIRST_SERIAL <= column.low < column.high <= LAST_SERIAL


def _is_date(text: str) -> bool:
    found = find_moment_format([text])
    return found is not None and not found.is_number


def _examples(texts: Sequence[str]) -> str:
    """Two texts that look unlike each other, if there are such."""
    first = texts[0]
    shape = _shape(first)
    other = next((text for text in texts if _shape(text) != shape), texts[1])
    return f"'{shorten(first)}', '{shorten(other)}'"


def _shape(text: str) -> str:
    return re.sub("[0-9]+", "9", text)
