"""One raw value, as a client or a file gives it, in the representation of the transform.

The rules are those of ``tenure.parsing``, which reads whole tables: trimmed text, the contract's texts for missing
values, NaN is missing, an infinity is an error. A test checks that both agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np

from tenure.contract import Column
from tenure.contract.boolean_words import boolean_meaning
from tenure.contract.digit_values import digit_spelling
from tenure.contract.written_numbers import NO_NUMBER, TOO_LARGE, USUAL, example, missing_numbers, reader

NUMBER_PATTERN = re.compile(f"{USUAL}|{NO_NUMBER}", re.ASCII)
INTEGER_PATTERN = re.compile("-?[0-9]{1,19}", re.ASCII)
DECIMAL_ZEROS = re.compile(r"\.0+\Z")
LARGEST_EXACT = 2.0**53
"""Up to here float64 represents every integer exactly."""
NOUNS = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
MAX_QUOTED = 60

ReadNumber = Callable[[object], float]
ReadText = Callable[[object], str | None]


def number_reader(column: Column) -> ReadNumber:
    """For ``integer`` and ``number`` columns: the number, NaN if missing; raises ValueError for an invalid value."""
    missing = _missing_texts(column)
    stand_ins = missing_numbers(column)
    whole = column.type == "integer"
    form = column.number_format
    noun = NOUNS[column.type] if form is None else f"{NOUNS[column.type]} such as {example(form)}"
    usual = None if form is None else reader(form)

    def read(value: object) -> float:
        exact: object = value
        if isinstance(value, float | int | np.floating | np.integer | np.bool_ | Decimal):
            number = _as_float(value)
        elif value is None:
            return math.nan
        else:
            text: str | None = as_text(value)
            if text in missing:
                return math.nan
            if usual is not None and text is not None:
                text = usual(text)
            if text is None or NUMBER_PATTERN.fullmatch(text) is None:
                raise ValueError(f"{quote(value)} is not {noun}")
            number, exact = float(text), text
        if math.isnan(number):
            return math.nan
        if math.isinf(number):
            raise ValueError(f"{quote(value)} is infinite")
        if whole and not _is_whole(number, exact):
            raise ValueError(f"{quote(value)} {TOO_LARGE if number.is_integer() else f'is not {noun}'}")
        return math.nan if number in stand_ins else number

    return read


def boolean_reader(column: Column) -> ReadNumber:
    """For ``boolean`` columns: 1 or 0, NaN if missing; raises ValueError for an invalid value."""
    missing = _missing_texts(column)
    meaning = boolean_meaning(column.values)

    def read(value: object) -> float:
        if isinstance(value, bool | np.bool_):
            return float(value)
        text = as_text(value)
        if text in missing:
            return math.nan
        found = meaning(text)
        if found is None:
            raise ValueError(f"{quote(value)} is not {_either(column.values)}")
        return float(found)

    return read


def boolean_texts(column: Column) -> dict[str | bool, float]:
    """The usual texts of a ``boolean`` column, with the number that ``boolean_reader`` returns for each."""
    read = boolean_reader(column)
    texts = column.values or ("true", "false", "True", "False", "yes", "no", "Yes", "No", "1", "0")
    return {text: read(text) for text in texts}


def text_reader(column: Column) -> ReadText:
    """For ``string`` and ``category`` columns: the trimmed text, None if missing; ValueError for invalid text.

    Values that are whole numbers are spelled as in the contract.
    """
    missing = _missing_texts(column)
    spelling = digit_spelling(column.values)

    def read(value: object) -> str | None:
        text = as_text(value)
        if text in missing:
            return None
        if "\0" in text:
            raise ValueError(f"{quote(value)} holds a NUL character")
        return text if spelling is None else spelling(text)

    return read


def read_date(value: object) -> date | str | None:
    """For ``date`` and ``timestamp`` columns: a date, or the text of any other value; ValueError if it has none."""
    return value if value is None or isinstance(value, date) else as_text(value)


def as_text(value: object) -> str:  # noqa: PLR0911 a type, a return
    """A value as trimmed text; empty for a missing one. A whole number has no decimal point: 3.0 is "3"."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise ValueError(f"{quote(value)} is not text in UTF-8") from None
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return ""
        if number.is_integer() and abs(number) < LARGEST_EXACT:
            return str(int(number))
        import pyarrow as pa

        # Arrow's digits, not Python's: training reads such a column by Arrow ('9.007199254740992e+15').
        return str(pa.scalar(number, pa.float64()).cast(pa.string()))
    if isinstance(value, int | np.integer | Decimal | date):
        return str(value)
    raise ValueError(f"{quote(value)} is a {type(value).__name__}, not one text or number")


def quote(value: object) -> str:
    """``value`` for a message: short, on one line."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    shown = repr(value)
    return shown if len(shown) <= MAX_QUOTED else f"{shown[:MAX_QUOTED]}…"


def _missing_texts(column: Column) -> frozenset[str]:
    return frozenset(("", *(text.strip() for text in column.missing_values)))


def _as_float(value: float | np.floating | np.integer | np.bool_ | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:  # a signalling Decimal NaN
        return math.nan


def _is_whole(number: float, exact: object) -> bool:
    """Whether a number fits int64: a float only up to 2^53; ``exact`` is the number before it became a float."""
    if isinstance(exact, int | np.integer):
        return -(2**63) <= int(exact) < 2**63
    text = DECIMAL_ZEROS.sub("", str(exact)) if isinstance(exact, Decimal) else exact
    if isinstance(text, str) and INTEGER_PATTERN.fullmatch(text):
        return -(2**63) <= int(text) < 2**63
    return number.is_integer() and abs(number) <= LARGEST_EXACT


def _either(values: tuple[str, ...] | None) -> str:
    return NOUNS["boolean"] if values is None else f"{quote(values[0])} or {quote(values[1])}"
