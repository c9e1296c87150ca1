"""What a text means in a ``boolean`` column."""

from __future__ import annotations

import re
from collections.abc import Callable

TRUE_WORDS = ("true", "t", "yes", "y", "1", "on")
FALSE_WORDS = ("false", "f", "no", "n", "0", "off")
COMMON = {**dict.fromkeys(FALSE_WORDS, False), **dict.fromkeys(TRUE_WORDS, True)}
NUMBER = re.compile(r"([+-]?[0-9]+)[.,]([0-9]*)", re.ASCII)


def fold(text: str) -> str:
    """A trimmed text as booleans are compared: lower case, no point at the end, ``1.0`` and ``1,0`` as ``1``."""
    folded = text.lower().removesuffix(".")
    number = NUMBER.fullmatch(folded)
    if number is None:
        return folded
    whole, decimals = number[1], number[2].rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def boolean_meaning(values: tuple[str, ...] | None) -> Callable[[str], bool | None]:
    """A function that returns what a trimmed text means; None if it is neither true nor false.

    One of the two ``values`` means what the contract says: first as it stands, then folded (see ``fold``). Without
    values, or where the first is a common word for false and the second one for true, all common words are read.

    Args:
        values: the text for false and the one for true, as ``Column.values``.
    """
    exact: dict[str, bool] = {}
    folded: dict[str, bool] = {}
    if values is None:
        folded = COMMON
    else:
        false, true = (value.strip() for value in values)
        exact = {false: False, true: True}
        false, true = fold(false), fold(true)
        if false != true:
            folded = {false: False, true: True}
        if false in FALSE_WORDS and true in TRUE_WORDS:
            folded = COMMON

    def meaning(text: str) -> bool | None:
        found = exact.get(text)
        return folded.get(fold(text)) if found is None else found

    return meaning
