"""How long a search may take, as a contract and the command line say it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

MAX_S = 7 * 86_400
"""A week."""

_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600}
_PATTERN = re.compile(r"([0-9]{1,9}) ?(s|m|h|)")


def budget_seconds(text: str) -> int:
    """Seconds of a budget such as ``60s``, ``5m`` or ``1h``; a number alone is seconds.

    Raises:
        ValueError: ``text`` is not a budget, is 0, or is longer than a week.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text[:40]}' is not a budget: write it as '60s', '5m' or '1h'")
    seconds = int(match[1]) * _UNITS_S[match[2]]
    if not 0 < seconds <= MAX_S:
        raise ValueError(f"a budget of '{text.strip()}' is not between 1 s and 7 days")
    return seconds


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    budget_seconds(text)
    return text.strip()


BudgetText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
"""A budget that a contract may hold."""
