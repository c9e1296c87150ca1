"""Which column identifies the customer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tenure.drafting import names
from tenure.drafting.half_understood import why_text
from tenure.drafting.survey import ColumnSurvey

MAX_REPEATS = 0.02
"""Largest share of repeated or missing values of a key: validation quarantines their rows."""
MIN_REPEATING = 20
"""Fewest customers of a panel or an event log."""
MAX_ROWS_EACH = 2_000
"""Most rows a customer, on average, of a panel or an event log."""
MAX_KEY_DIGITS = 18
"""Longest number that an integer key can have; longer ones are texts."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]+")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HASH = re.compile(r"[0-9a-fA-F]{16,}")
MIN_LENGTH, MIN_DIGITS = 5, 8
"""Characters of a code, digits of a number, that identify something by their form."""
SHAPES = 2
"""Most shapes of the codes in one column."""


@dataclass(frozen=True)
class Key:
    """The column that identifies the customer."""

    column: ColumnSurvey
    why: str
    is_weak: bool = False


def find_key(columns: Sequence[ColumnSurvey], taken: Collection[ColumnSurvey]) -> Key | None:
    """The identifier whose values are, but for a few, all distinct; None where there is none.

    A measured quantity, a date or a category is never a key, however many distinct values it has.
    """
    best: tuple[int, Key] | None = None
    for column in columns:
        if column in taken or not _may_identify(column):
            continue
        key = _as_key(column)
        rank = names.IDENTIFIERS.index(column.identified or "contact")
        if key is not None and (best is None or rank < best[0]):
            best = rank, key
    return None if best is None else best[1]


def find_repeating(columns: Sequence[ColumnSurvey], taken: Collection[ColumnSurvey]) -> ColumnSurvey | None:
    """The customer's identifier in a table with several rows a customer; None where there is none."""
    found = [
        column
        for column in columns
        if column not in taken
        and column.identified in ("person", "identifier", "account")
        and _may_identify(column)
        and column.missing <= MAX_REPEATS * column.rows
        and column.distinct is not None
        and max(MIN_REPEATING, column.rows / MAX_ROWS_EACH) <= column.distinct < (1 - MAX_REPEATS) * column.known
    ]
    return min(found, key=lambda column: names.IDENTIFIERS.index(column.identified or "thing"), default=None)


def is_second_identifier(column: ColumnSurvey) -> bool:
    """Whether a column identifies something, and says nothing about a customer."""
    if not _may_identify(column) or column.distinct is None:
        return False
    has_many = column.distinct >= max(MIN_REPEATING, 0.2 * column.known)
    if column.identified == "event" and names.has_identifier_word(column.name):
        return True
    if column.identified is not None and column.identified != "thing":
        return has_many
    return _form(column) is not None


def numbers_events(column: ColumnSurvey) -> bool:
    """Whether a column identifies an event, such as a payment, and each row is another one."""
    return column.identified == "event" and names.has_identifier_word(column.name) and column.repeats == 0


def numbers_rows(column: ColumnSurvey) -> bool:
    """Whether a column holds consecutive whole numbers, each once."""
    if not column.is_whole or column.missing or column.repeats != 0 or column.low is None or column.high is None:
        return False
    return column.high - column.low + 1 == column.rows


def key_type(column: ColumnSurvey) -> str:
    """Type of a key in a contract: numbers of up to 18 digits are integers."""
    is_short = column.kind == "integer" and column.longest <= MAX_KEY_DIGITS and column.format is None
    return "integer" if is_short and not column.missing_texts else "string"


def _may_identify(column: ColumnSurvey) -> bool:
    """Whether a column holds texts or whole numbers; ``100,234`` is an identifier by its name only."""
    is_named = column.identified in ("person", "identifier", "account")
    return column.kind == "text" or (column.is_whole and (column.format is None or is_named))


def _as_key(column: ColumnSurvey) -> Key | None:
    repeats = column.repeats
    if repeats is None or not column.known:
        return None
    if numbers_rows(column) and (column.identified is None or names.is_unnamed(column.name)):
        return None
    if column.missing + repeats > (MAX_REPEATS if column.identified == "person" else 0) * column.rows:
        return None
    faults = [f"{count:,} {what}" for count, what in ((repeats, "repeated"), (column.missing, "missing")) if count]
    why = f"{column.distinct:,} different values in {column.rows:,} rows"
    if faults:
        why += f" ({', '.join(faults)}: 'tenure check' quarantines these rows)"
    if column.identified is not None:
        weak = column.identified in ("contact", "event", "thing")
        return Key(column, why + ("; is there a customer's id?" if weak else ""), weak)
    form = _form(column)
    return None if form is None else Key(column, f"{why}, each {form}", is_weak=True)


def _form(column: ColumnSurvey) -> str | None:
    """What the values are by their form, where that identifies something and they repeat little."""
    if column.repeats is None or column.repeats > MAX_REPEATS * column.rows or names.is_code(column.name):
        return None
    some = [text for text in column.evidence if text not in column.odd]
    if len(some) < MIN_REPEATING:
        return None
    for pattern, what in ((EMAIL, "an e-mail address"), (UUID, "a UUID"), (HASH, "a hash")):
        if all(map(pattern.fullmatch, some)):
            return what
    if column.is_whole:
        lengths = {len(text) for text in some}
        is_long = len(lengths) == 1 and min(lengths) >= MIN_DIGITS and all(map(str.isdigit, some))
        return f"a number of {lengths.pop()} digits" if is_long else None
    shapes = {re.sub(r"[^\W\d_]", "A", re.sub("[0-9]", "9", text)) for text in some}
    is_code = len(shapes) <= SHAPES and all(
        len(text) >= MIN_LENGTH and any(map(str.isdigit, text)) and " " not in text for text in some
    )
    return f"a code such as {some[0]}" if is_code and why_text(column) is None else None
