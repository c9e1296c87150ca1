"""The format that a column's texts show, where a few of them may stand for missing values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pyarrow as pa

from tenure.parsing import numerals
from tenure.parsing.moment_formats import FoundMomentFormat, find_moment_format
from tenure.parsing.number_formats import FoundNumberFormat, find_number_format, may_be_number

MAX_ODD = 10
"""Distinct texts in a column of numbers or dates that are taken for missing values."""
FIRST = 20
_CODE = re.compile(r"[+-]?0[0-9]+")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_DIGIT = re.compile("[0-9]")
PLAIN = FoundNumberFormat(format=None, whole=False, beyond_64_bits=False, ambiguous=None, evidence="")


def find_numbers(texts: Sequence[str]) -> FoundNumberFormat | None:
    """The format in which ``texts`` are numbers, but for at most ``MAX_ODD`` of them; None if there is none."""
    found = numerals.floats(pa.array(texts, pa.string()))
    wrong = (found.wrong | found.infinite).tolist()
    odd = [text for text, is_wrong in zip(texts, wrong, strict=True) if is_wrong]
    if not odd:
        return _ambiguous(texts) or PLAIN
    if len(odd) == len(texts) and not any(map(may_be_number, texts[:FIRST])):
        return None
    if not any(map(may_be_number, odd[:MAX_ODD])):
        return PLAIN if len(odd) <= MAX_ODD and len(odd) < len(texts) else None
    numbers = [text for text in texts if not _CODE.fullmatch(text) and may_be_number(text)]
    return find_number_format(numbers) if numbers and len(texts) - len(numbers) <= MAX_ODD else None


def find_moments(texts: Sequence[str]) -> FoundMomentFormat | None:
    """The format in which ``texts`` are dates, but for at most ``MAX_ODD`` of them; None if there is none."""
    found = find_moment_format(texts)
    if found is not None:
        return found
    # A text without a digit is no date.
    dated = [text for text in texts if _DIGIT.search(text)]
    if dated and len(texts) - len(dated) <= MAX_ODD:
        found = find_moment_format(dated) if len(dated) < len(texts) else None
        return found or _without_the_odd(dated, find_moment_format)
    return None


def _without_the_odd(
    texts: Sequence[str], find: Callable[[Sequence[str]], FoundMomentFormat | None]
) -> FoundMomentFormat | None:
    """Search without the texts that are not like the first ones."""
    for first in texts[:3]:
        form = find([first])
        if form is None:
            continue
        similar = [text for text in texts if re.sub("[0-9]+", "9", text) == re.sub("[0-9]+", "9", first)]
        usual = [text for text in similar if find([text]) is not None]
        if len(texts) - len(usual) <= MAX_ODD:
            return find(usual)
    return None


def _ambiguous(texts: Sequence[str]) -> FoundNumberFormat | None:
    """The finding for texts such as ``1.234``, whose point may separate thousands; None for others."""
    separated = [text for text in texts if "." in text]
    if separated and all(map(_GROUPED.fullmatch, separated)):
        return find_number_format(texts)
    return None
