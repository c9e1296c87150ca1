"""Numbers in a ``NumberFormat`` as text in the usual form: ``(1.234,50 €)`` is ``-1234.50``.

The patterns mean the same to ``re`` and to RE2, the engine of Arrow: single values of requests and whole columns are
read by the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tenure.contract.columns import Column, NumberFormat

USUAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""Pattern of a number in a column without a format."""
NO_NUMBER = "-?(?i:nan|inf|infinity)"
"""Pattern of texts that floats have besides numbers; a format changes nothing for them."""
TOO_LARGE = "is beyond 64 bits (53 as a float): use type string for an identifier, number for a quantity"
"""What is wrong with a whole number that an ``integer`` column cannot hold."""
BLANK = "[ \t\u00a0\u2009\u202f]"
"""A blank, a tab, and the spaces that separate groups of digits: no-break, thin, narrow no-break."""
GROUPS = {" ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]", ",": ",", ".": r"\."}
"""Pattern of each thousands separator."""
SIGN = "[-+\u2212\u2013]"
MINUS = "-\u2212\u2013"
"""Hyphen, minus sign, en dash."""


class Patterns(NamedTuple):
    """Regular expressions of the numbers in a format; each matches a whole text."""

    bare: str
    """Digits with separators, perhaps with a sign (``-`` or ``+``) in front."""
    signed: str
    """With symbols and at most one sign. Groups: a sign before the symbol, one after it, the digits, a sign behind."""
    bracketed: str
    """A negative number in parentheses. Group: the digits."""


SIGNED = r"\1\2\4\3"
"""Replacement of a match of ``Patterns.signed``: the signs, then the digits."""
BRACKETED = r"-\1"
"""Replacement of a match of ``Patterns.bracketed``."""


@lru_cache(maxsize=256)
def patterns(form: NumberFormat) -> Patterns:
    """The patterns of a format."""
    digits = _digits(form)
    # Blanks are bound to the symbol or the sign beside them: where two runs of blanks meet, ``re`` would try every way
    # of dividing them between the two.
    blanks = f"{BLANK}*"
    texts = sorted(form.symbols, key=len, reverse=True)
    symbol = f"(?:{'|'.join(re.escape(text.strip()) for text in texts)})" if texts else "(?:)"
    before = f"(?:{symbol}{blanks})?"
    behind = f"(?:{blanks}{symbol})?"
    signed = (
        f"^(?:({SIGN}){blanks}|{blanks}){before}(?:({SIGN}){blanks})?({digits})"
        f"{behind}(?:{blanks}({SIGN}))?{behind}{blanks}$"
    )
    bracketed = rf"^{symbol}?{blanks}\({blanks}{before}({digits}){behind}{blanks}\){blanks}{symbol}?$"
    return Patterns(f"^[-+]?(?:{digits})$", signed, bracketed)


def reader(form: NumberFormat) -> Callable[[str], str | None]:
    """A function that returns a trimmed text's number in the usual form; None if it is no number in ``form``."""
    found = patterns(form)
    bare, signed, bracketed, special = (
        re.compile(pattern, re.ASCII) for pattern in (found.bare, found.signed, found.bracketed, NO_NUMBER)
    )
    group = None if form.thousands is None else re.compile(GROUPS[form.thousands])

    def read(text: str) -> str | None:
        if special.fullmatch(text):
            return text
        if bare.fullmatch(text):
            usual = text
        elif match := signed.fullmatch(text):
            sign = "".join(found or "" for found in match.group(1, 2, 4))
            if len(sign) > 1:
                return None
            usual = ("-" if sign and sign in MINUS else sign) + match[3]
        elif match := bracketed.fullmatch(text):
            usual = f"-{match[1]}"
        else:
            return None
        if group is not None:
            usual = group.sub("", usual)
        return usual if form.decimal == "." else usual.replace(form.decimal, ".")

    return read


def written(number: float, form: NumberFormat) -> str:
    """A finite number as text in the format, which reads back as the same number: ``1234,5``."""
    return repr(number).replace(".", form.decimal)


def example(form: NumberFormat) -> str:
    """A number in the format: ``1.234,50 €``."""
    symbol = f" {form.symbols[0]}" if form.symbols else ""
    return f"1{form.thousands or ''}234{form.decimal}50{symbol}"


def missing_numbers(column: Column) -> frozenset[float]:
    """The contract's texts for missing values as numbers, by the column's format or else without one: -999 and -999.0
    are equal."""
    usual = re.compile(USUAL, re.ASCII)
    read = None if column.number_format is None else reader(column.number_format)
    texts = [text.strip() for text in column.missing_values]
    numbers = [text if read is None else read(text) or text for text in texts]
    return frozenset(float(number) for number in numbers if usual.fullmatch(number))


def _digits(form: NumberFormat) -> str:
    """Pattern of a number without sign and symbols; a group of digits never begins with 0."""
    whole = "[0-9]+"
    if form.thousands is not None:
        group = GROUPS[form.thousands]
        grouped = f"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+"
        if form.thousands == ",":  # Indian: 12,34,567
            grouped += f"|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
        whole = f"(?:{grouped}|{whole})"
    point = re.escape(form.decimal)
    return f"(?:{whole}(?:{point}[0-9]+)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
