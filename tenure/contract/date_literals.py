"""Dates that are written as text in an expression: ``"2026-11-01"``, ``"2026-11-01 13:45"``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_PATTERN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400e6


def days_of(text: str) -> float:
    """Days from 1970-01-01 to an ISO 8601 date, with a fraction for a time; without a zone the time is in UTC.

    Raises:
        ValueError: ``text`` is not such a date.
    """
    stripped = text.strip()
    if _PATTERN.fullmatch(stripped) is None:
        raise ValueError(f"{text!r} is not an ISO 8601 date")
    moment = datetime.fromisoformat(stripped)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # As the transform reads a timestamp, so that equal moments are equal numbers.
    return (moment - _EPOCH) // timedelta(microseconds=1) / _DAY_US
