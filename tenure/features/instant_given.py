"""The instant that customers are looked at, as users name it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tenure.errors import InputError
from tenure.features.instants import instant_of, instant_text, parse_instant

MAX_AHEAD = timedelta(days=366)
"""How far an instant may lie after the current time and the newest row: a later one is taken for a typing error."""


def now_instant() -> int:
    """The current instant."""
    return instant_of(datetime.now(UTC), "UTC")


def read_as_of(as_of: str | date | datetime | None, zone: str) -> int:
    """The instant that a user names; the current one for None and an empty text.

    Args:
        as_of: a day, which begins at midnight in ``zone``, or a time, with or without an offset; text in ISO 8601.
        zone: where days begin.

    Raises:
        InputError: it is not a day or a time.
    """
    if as_of is None or as_of == "":
        return now_instant()
    if isinstance(as_of, str):
        return parse_instant(as_of, zone)
    # NaT, pandas' missing time, is a datetime whose year is NaN.
    if not isinstance(as_of, date) or not isinstance(as_of.year, int):
        raise InputError(f"'as_of' is {as_of!r}, not a day or a time such as 2026-11-30T06:00")
    return instant_of(as_of, zone)


def check_ahead(instant: int, zone: str, newest: int | None = None) -> None:
    """Refuse an instant that lies more than ``MAX_AHEAD`` after the current time and after the newest row.

    Args:
        newest: the newest row, if it is known.

    Raises:
        InputError: the instant lies after both limits.
    """
    latest = max(now_instant(), newest or 0)
    if instant > latest + MAX_AHEAD // timedelta(microseconds=1):
        raise InputError(
            f"{instant_text(instant, zone)} lies in the future, more than {MAX_AHEAD.days} days after "
            f"{instant_text(latest, zone)}: no row can be known there"
        )
