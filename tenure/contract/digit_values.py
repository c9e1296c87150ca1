"""Categories that are whole numbers: a program that found a missing value among them writes ``1.0`` for ``1``."""

from __future__ import annotations

import re
from collections.abc import Callable

WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?", re.ASCII)


def digit_spelling(values: tuple[str, ...] | None) -> Callable[[str], str] | None:
    """A function that returns a text as the contract's values spell it: ``1.0`` as ``1``, or ``1`` as ``1.0``.

    A text that is none of the values in either spelling is returned as it is. Codes with leading zeros are not numbers.

    Args:
        values: as ``Column.values``.

    Returns:
        The function; None unless all values are whole numbers, each in one spelling.
    """
    if not values:
        return None
    spelled: dict[str, str] = {}
    for value in values:
        whole = WHOLE.fullmatch(value)
        if whole is None or whole[1] in spelled:
            return None
        spelled[whole[1]] = value

    def spelling(text: str) -> str:
        whole = WHOLE.fullmatch(text)
        return text if whole is None else spelled.get(whole[1], text)

    return spelling
