"""Finds how a column writes its numbers: decimal and thousands separators, symbols, signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.contract.columns import NumberFormat
from tenure.contract.written_numbers import BLANK, SIGN, reader

CURRENCIES: dict[str, tuple[str, ...]] = {
    "dollar": ("$", "US$", "USD"),
    "euro": ("€", "EUR", "Euro"),
    "pound": ("£", "GBP"),
    "yen": ("¥", "JPY"),
    "rupee": ("₹", "INR", "Rs.", "Rs"),
    "franc": ("CHF", "Fr.", "SFr."),
    "real": ("R$", "BRL"),
    "zloty": ("zł", "PLN"),
    "koruna": ("Kč", "CZK"),
    "krona": ("kr", "kr.", "SEK", "NOK", "DKK"),
    "forint": ("Ft", "HUF"),
    "ruble": ("₽", "RUB"),
    "lira": ("₺", "TRY", "TL"),
    "won": ("₩", "KRW"),
    "yuan": ("CNY", "RMB", "元"),
    "shekel": ("₪", "ILS"),
    "dong": ("₫", "VND"),
    "baht": ("฿", "THB"),
    "rand": ("ZAR",),
    "canadian dollar": ("C$", "CA$", "CAD"),
    "australian dollar": ("A$", "AU$", "AUD"),
    "other dollar": ("NZD", "SGD", "HKD", "MXN"),
    "percent": ("%",),
}
"""Symbols that may stand beside a number, by their unit: a column has one unit."""
UNITS = {symbol: unit for unit, symbols in CURRENCIES.items() for symbol in symbols}

CONVENTIONS = tuple(
    NumberFormat.model_validate({"decimal": decimal, "thousands": thousands})
    for thousands, decimals in ((None, "."), (",", "."), (None, ","), (".", ","), (" ", ".,"), ("'", ".,"))
    for decimal in decimals
)
"""Separators that occur, the preferred first: where several fit all values, the first is taken."""
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(UNITS, key=len, reverse=True))
_AROUND = rf"(?:{BLANK}|{SIGN}|[()])*"
WRITTEN = re.compile(
    rf"{_AROUND}(?P<before>{_SYMBOL})?{_AROUND}"
    rf"(?P<body>[.,]?[0-9](?:[0-9.,'\u2019 \u00a0\u2009\u202f]*[0-9])?(?:[eE][+-]?[0-9]+)?)"
    rf"{_AROUND}(?P<behind>{_SYMBOL})?{_AROUND}"
)
"""A number in any format: its digits with their separators, and a symbol before and behind."""
CODE = re.compile(r"0[0-9]+")
"""A number with a leading zero, such as 007, is a code."""
GROUPED = {",": re.compile("[1-9][0-9]{0,2},[0-9]{3}"), ".": re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")}
UNGROUPED = re.compile("[0-9]{4,}")
LARGEST = 2**63
MOST_COMPARED = 1_000
"""Texts among which the one shown as evidence is looked for."""


@dataclass(frozen=True)
class FoundNumberFormat:
    """How the texts of a column write numbers."""

    format: NumberFormat | None
    """None for ``1234.5``, which needs no format."""
    whole: bool
    """Whether all numbers are whole; 3.0 is."""
    beyond_64_bits: bool
    """Whether a whole number does not fit an ``integer`` column."""
    ambiguous: str | None
    """What the texts do not decide, and how they are read; None if they decide."""
    evidence: str
    """A text that shows the format, for a comment: ``e.g. '1.234,50 €'``."""


def find_number_format(texts: Sequence[str]) -> FoundNumberFormat | None:
    """The one format in which all texts are numbers; None if there is none.

    Separators are decided by the texts: a group of other than three digits after the last separator and a leading zero
    (``0,123``) show a decimal separator; two kinds of separators, or one kind several times, show thousands.

    Args:
        texts: the distinct texts of a column, trimmed, without those for missing values.
    """
    found = [_parts(text) for text in texts]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        return None
    bodies = [part.body for part in parts]
    symbols = {symbol for part in parts for symbol in part.symbols}
    if any(CODE.fullmatch(body) for body in bodies) or len({UNITS[symbol] for symbol in symbols}) > 1:
        return None
    plain = all(part.plain for part in parts)
    fitting = [form for form in CONVENTIONS if _fits(form, bodies)]
    if not fitting:
        return None
    chosen, ambiguous = _decide(fitting, bodies)
    if symbols == {"%"} and not all(part.symbols for part in parts):
        ambiguous = "only some values have %: 12% is read as 12, and 0.12 as 0.12"
    form = chosen.model_copy(update={"symbols": tuple(sorted(symbols))})
    read = reader(form)
    numbers = [read(text) for text in texts]
    if None in numbers:
        return None
    whole = all(float(number).is_integer() for number in numbers if number is not None)
    beyond = whole and any(abs(float(number)) >= LARGEST for number in numbers if number is not None)
    needed = not plain or form != NumberFormat()
    shown = _telling(texts, bodies, chosen)
    return FoundNumberFormat(form if needed else None, whole, beyond, ambiguous, f"e.g. {shown!r}")


def may_be_number(text: str) -> bool:
    """Whether a trimmed text is a number in any of the formats that ``find_number_format`` finds."""
    return find_number_format([text]) is not None


@dataclass(frozen=True)
class _Parts:
    body: str
    symbols: tuple[str, ...]
    plain: bool
    """Whether nothing but a minus stands around the digits."""


def _parts(text: str) -> _Parts | None:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    body = found["body"]
    symbols = tuple(symbol for symbol in (found["before"], found["behind"]) if symbol)
    return _Parts(body, symbols, text in (body, f"-{body}"))


def _fits(form: NumberFormat, bodies: Sequence[str]) -> bool:
    read = reader(form)
    return all(read(body) is not None for body in bodies)


def _decide(fitting: Sequence[NumberFormat], bodies: Sequence[str]) -> tuple[NumberFormat, str | None]:
    """The preferred convention, and what the texts leave open."""
    chosen = fitting[0]
    separated = [body for body in bodies if not body.isdigit()]
    if not separated:
        return chosen, None
    for mark, grouped in GROUPED.items():
        if not all(grouped.fullmatch(body) for body in separated):
            continue
        example = separated[0]
        if mark == ".":
            return chosen, (
                f"only values like {example}: read with a decimal point; if it separates thousands,"
                ' set format: {decimal: ",", thousands: "."}'
            )
        if any(UNGROUPED.fullmatch(body) for body in bodies):
            return NumberFormat(decimal=","), (
                f"only values like {example}, beside whole numbers without separator: read with a decimal comma"
            )
        return NumberFormat(thousands=","), (
            f'only values like {example}: read as thousands; if it is a decimal comma, set format: {{decimal: ","}}'
        )
    return chosen, None


def _telling(texts: Sequence[str], bodies: Sequence[str], chosen: NumberFormat) -> str:
    """The text that the fewest conventions read; of equals the longest."""
    rivals = [reader(form) for form in CONVENTIONS if form != chosen]

    def fitting(index: int) -> tuple[int, int]:
        return sum(read(bodies[index]) is not None for read in rivals), -len(texts[index])

    return texts[min(range(min(len(texts), MOST_COMPARED)), key=fitting)]
