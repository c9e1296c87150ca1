"""Parses text and typed columns as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract.columns import NumberFormat
from tenure.contract.written_numbers import BRACKETED, GROUPS, MINUS, NO_NUMBER, SIGN, SIGNED, USUAL, patterns
from tenure.parsing.lenient import cast_lenient, flags, keep, matches, valid

FLOAT_PATTERN = f"^{USUAL}$|^{NO_NUMBER}$"
INTEGER_PATTERN = r"^-?[0-9]{1,19}$"
IN_NUMBERS = re.compile("[eE+.,'\u2019 \u00a0\u2009\u202f\u2212\u2013-]+")
"""Symbols that may stand inside the digits of a number."""
LARGEST_EXACT = 2.0**53
"""Up to here float64 represents every integer exactly."""


class Numbers(NamedTuple):
    """A parsed column of numbers. A null that is neither wrong nor infinite is a missing value."""

    values: pa.Array
    """int64 or float64; null where missing, wrong or infinite."""
    wrong: np.ndarray
    """Values that are not numbers, or not integers where integers are parsed; bool, shape (rows,)."""
    infinite: np.ndarray
    """Infinite values; bool, shape (rows,)."""
    too_large: np.ndarray
    """Of the wrong ones, whole numbers that int64 or their own type cannot hold exactly; bool, shape (rows,)."""


def floats(column: pa.Array, form: NumberFormat | None = None) -> Numbers:
    """Parse a text or numeric column as float64. NaN is a missing value.

    Args:
        column: texts or numbers.
        form: how texts write numbers; None for ``1234.5``.
    """
    if form is not None and pa.types.is_string(column.type):
        return _in_format(column, form, floats)
    present = valid(column)
    if pa.types.is_string(column.type):
        try:
            values = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            values = pc.cast(keep(column, matches(column, FLOAT_PATTERN)), pa.float64())
    else:
        # Decimals and large integers may lose digits.
        values = pc.cast(column, pa.float64(), safe=False)
    wrong = present & ~valid(values)
    infinite = flags(pc.is_inf(values))
    usable = ~infinite & ~flags(pc.is_nan(values))
    if not usable.all():
        values = keep(values, usable)
    return Numbers(values, wrong, infinite, _none(column))


def integers(column: pa.Array, form: NumberFormat | None = None) -> Numbers:
    """Parse a text or numeric column as int64. 3.0 is 3; 3.5 is wrong, and so is a float beyond 2^53.

    Args:
        column: texts or numbers.
        form: how texts write numbers; None for ``1234.5``.
    """
    if form is not None and pa.types.is_string(column.type):
        return _in_format(column, form, integers)
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        if column.type == pa.uint64():
            values = keep(column, flags(pc.less_equal(column, pa.scalar(2**63 - 1, pa.uint64()))))
        else:
            values = column
        wrong = valid(column) & ~valid(values)
        return Numbers(pc.cast(values, pa.int64()), wrong, _none(column), wrong)
    if pa.types.is_decimal(column.type):
        column = pc.replace_substring_regex(column.cast(pa.string()), pattern=r"\.0+$", replacement="")
    if pa.types.is_string(column.type):
        # Arrow parses 0x10 as 16.
        if not pc.any(pc.match_substring(column, "x", ignore_case=True)).as_py():
            try:
                return Numbers(pc.cast(column, pa.int64()), *np.zeros((3, len(column)), dtype=bool))
            except pa.ArrowInvalid:
                pass
        exact = cast_lenient(keep(column, matches(column, INTEGER_PATTERN) & ~_beyond(column)), pa.int64())
        from_float = _whole(floats(keep(column, valid(column) & ~matches(column, INTEGER_PATTERN))))
        values = pc.coalesce(exact, from_float.values)
        too_large = matches(column, INTEGER_PATTERN) & ~valid(exact)
        wrong = from_float.wrong | too_large
        return Numbers(values, wrong, from_float.infinite, from_float.too_large | too_large)
    return _whole(floats(column))


def usual_texts(text: pa.Array, form: NumberFormat) -> pa.Array:
    """Texts of numbers in ``form`` as ``1234.5``, as ``written_numbers.reader`` does it; null for other texts."""
    pattern = patterns(form)
    known = matches(text, pattern.bare)
    if not (known | ~valid(text)).all():
        text, known = _bare(text, known, form)
        text = keep(text, known)
    if form.thousands is not None:
        if form.thousands in ",.":
            text = pc.replace_substring(text, pattern=form.thousands, replacement="")
        else:
            text = pc.replace_substring_regex(text, pattern=GROUPS[form.thousands], replacement="")
    return text if form.decimal == "." else pc.replace_substring(text, pattern=form.decimal, replacement=".")


def _bare(text: pa.Array, known: np.ndarray, form: NumberFormat) -> tuple[pa.Array, np.ndarray]:
    """The texts without symbols, and with a minus in front; and which texts are numbers, or no numbers for floats.

    Args:
        text: the texts.
        known: which of them are bare numbers already; bool, shape (rows,).
        form: the format.
    """
    pattern = patterns(form)
    signed = ~known & matches(text, pattern.signed)
    left = signed
    if signed.any() and not any(IN_NUMBERS.fullmatch(symbol) for symbol in form.symbols):
        # Groups of an expression cost much more than plain replacements, which are enough for most values.
        stripped = text
        for symbol in sorted(form.symbols, key=len, reverse=True):
            stripped = pc.replace_substring(stripped, pattern=symbol.strip(), replacement="")
        stripped = pc.utf8_trim_whitespace(stripped)
        done = signed & matches(stripped, pattern.bare)
        text = pc.if_else(pa.array(done), stripped, text)
        left = signed & ~done
    known = known | signed
    bracketed = ~known & matches(text, pattern.bracketed)
    for mask, expression, usual in ((left, pattern.signed, SIGNED), (bracketed, pattern.bracketed, BRACKETED)):
        if mask.any():
            replaced = pc.replace_substring_regex(keep(text, mask), pattern=expression, replacement=usual)
            replaced = pc.replace_substring_regex(replaced, pattern=f"^[{MINUS}]", replacement="-")
            text = pc.if_else(pa.array(mask), replaced, text)
            known = known & ~matches(text, f"^{SIGN}{SIGN}")
    return text, known | bracketed | matches(text, f"^{NO_NUMBER}$")


def _in_format(text: pa.Array, form: NumberFormat, read: Callable[[pa.Array], Numbers]) -> Numbers:
    usual = usual_texts(text, form)
    numbers = read(usual)
    return numbers._replace(wrong=numbers.wrong | (valid(text) & ~valid(usual)))


def _whole(numbers: Numbers) -> Numbers:
    values = pc.fill_null(numbers.values, 0.0).to_numpy(zero_copy_only=False)
    whole = values == np.floor(values)
    exact = whole & (np.abs(values) <= LARGEST_EXACT)
    kept = keep(numbers.values, exact)
    return Numbers(pc.cast(kept, pa.int64()), numbers.wrong | ~exact, numbers.infinite, whole & ~exact)


def _beyond(text: pa.Array) -> np.ndarray:
    """Which texts of 19 digits exceed int64; bool, shape (rows,)."""
    long = matches(text, "^[0-9]{19}$")
    if not long.any():
        return long
    return flags(pc.greater(pc.cast(keep(text, long), pa.uint64()), pa.scalar(2**63 - 1, pa.uint64())))


def _none(column: pa.Array) -> np.ndarray:
    return np.zeros(len(column), dtype=bool)
