"""Durations: calendar days of a time zone, or elapsed hours and minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

MAX_DAYS = 36_525
"""A hundred years, so that a date and such a duration make another date."""

DAY_US = 86_400_000_000
"""Microseconds of 24 hours."""

_US = {"minute": 60_000_000, "hour": 3_600_000_000}
_UNITS = {"d": "day", "h": "hour", "min": "minute"}
"""By the abbreviations that a duration may be written with, as in ``30d``."""
_PATTERN = re.compile(r"([0-9]{1,9}) ?(?:(minute|hour|day)s?|(d|h|min))")


@dataclass(frozen=True)
class Duration:
    """Either days or microseconds; the other is 0.

    A day is a day of the calendar: from a time of the clock to the same time on another day, which is 23 or 25 hours
    where clocks are changed in between.
    """

    days: int = 0
    microseconds: int = 0

    @property
    def nominal(self) -> int:
        """Its length in microseconds, with days of 24 hours."""
        return self.days * DAY_US + self.microseconds

    @property
    def short(self) -> str:
        """As a part of a name: ``30d``, ``12h``, ``90min``."""
        count, unit = str(self).split()
        return count + {"day": "d", "hour": "h", "minute": "min"}[unit.removesuffix("s")]

    def __str__(self) -> str:
        for unit, each in (("day", 1), ("hour", _US["hour"]), ("minute", _US["minute"])):
            count, rest = divmod(self.days if unit == "day" else self.microseconds, each)
            if count and not rest:
                return f"{count} {unit}" + ("s" if count > 1 else "")
        return "0 days"


def parse_duration(text: str) -> Duration:
    """Read a duration such as ``30 days``, ``12 hours``, ``90 minutes`` or ``30d``.

    Raises:
        ValueError: ``text`` is not a duration, is 0, or is longer than ``MAX_DAYS``.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text[:40]}' is not a duration: write it as '30 days', '12 hours' or '90 minutes'")
    count, unit = int(match[1]), match[2] or _UNITS[match[3]]
    found = Duration(days=count) if unit == "day" else Duration(microseconds=count * _US[unit])
    if not count:
        raise ValueError(f"the duration '{text}' is empty")
    if max(found.days, found.microseconds // DAY_US) > MAX_DAYS:
        raise ValueError(f"the duration '{text}' is longer than {MAX_DAYS:,} days")
    return found


def _as_text(value: object) -> object:
    """A whole number is a number of days."""
    return f"{value} days" if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    return str(parse_duration(text))


DurationText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
"""A duration as a contract writes it."""
