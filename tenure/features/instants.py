"""Instants: microseconds since 1970-01-01 in UTC, and the calendar of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from tenure.contract.cuts import FIRST, LAST
from tenure.contract.durations import Duration
from tenure.contract.zones import zone_of
from tenure.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_of(moment: date | datetime, zone: str) -> int:
    """The instant of a day, which begins at midnight in ``zone``, or of a time of the clock there.

    A time with an offset keeps it. Of a time that the clock shows twice, the first is taken; one that it skips is taken
    with the offset before the change.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone))
    return (moment - _EPOCH) // _MICROSECOND


def local(instant: int, zone: str) -> datetime:
    """The time that the clock in ``zone`` shows, without a zone."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone_of(zone)).replace(tzinfo=None)


def midnight(instant: int, zone: str) -> int:
    """The beginning of the day in ``zone`` that the instant lies in."""
    return instant_of(local(instant, zone).date(), zone)


def shift(instant: int, duration: Duration, zone: str, *, sign: int) -> int:
    """The instant ``duration`` later (``sign=1``) or earlier (``sign=-1``); days are those of the calendar."""
    moved = instant + sign * duration.microseconds
    if not duration.days:
        return moved
    return instant_of(local(moved, zone) + timedelta(days=sign * duration.days), zone)


def days_before(instant: int, days: int, zone: str) -> int:
    """The midnight ``days`` calendar days before the day of the instant."""
    return instant_of(local(instant, zone).date() - timedelta(days=days), zone)


def parse_instant(text: str, zone: str) -> int:
    """The instant that a text names: ISO 8601, a day or a time, with or without an offset.

    Raises:
        InputError: it is not valid, or outside of the calendar that contracts may use.
    """
    try:
        moment: date | datetime = date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a day or a time: write it as 2026-11-30 or 2026-11-30T06:00") from None
    if not FIRST.year <= moment.year < LAST.year:
        raise InputError(f"'{text}' does not lie between {FIRST} and {LAST}")
    return instant_of(moment, zone)


def instant_text(instant: int, zone: str) -> str:
    """The time of the clock in ``zone``, for people: the day alone at midnight."""
    shown = local(instant, zone)
    return shown.date().isoformat() if shown.time() == time() else shown.isoformat(timespec="minutes")
