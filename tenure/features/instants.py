"""Instants: microseconds since 1970-01-01 in UTC, and the calendar of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tenure.contract.cuts import FIRST, LAST
from tenure.contract.document import excerpt
from tenure.contract.durations import DAY_US, Duration
from tenure.contract.zones import time_zone
from tenure.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_0 = date(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


def instant_of(moment: date | datetime, zone: str) -> int:
    """The instant of a day, which begins at midnight in ``zone``, or of a time of the clock there.

    A time with an offset keeps it. Of a time that the clock shows twice, the first is taken; one that it skips is taken
    with the offset before the change.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=time_zone(zone))
    return (moment - _EPOCH) // _MICROSECOND


def local(instant: int, zone: str) -> datetime:
    """The time that the clock in ``zone`` shows, without a zone."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(time_zone(zone)).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def midnight(instant: int, zone: str) -> int:
    """The beginning of the day in ``zone`` that the instant lies in."""
    return instant_of(local(instant, zone).date(), zone)


@lru_cache(maxsize=4096)
def shift(instant: int, duration: Duration, zone: str, *, sign: int) -> int:
    """The instant ``duration`` later (``sign=1``) or earlier (``sign=-1``); days are those of the calendar."""
    moved = instant + sign * duration.microseconds
    if not duration.days:
        return moved
    return instant_of(local(moved, zone) + timedelta(days=sign * duration.days), zone)


@lru_cache(maxsize=4096)
def days_before(instant: int, days: int, zone: str) -> int:
    """The midnight ``days`` calendar days before the day of the instant."""
    return instant_of(local(instant, zone).date() - timedelta(days=days), zone)


def parse_instant(text: str, zone: str) -> int:
    """The instant that a text names: ISO 8601, a day or a time, with or without an offset.

    Raises:
        InputError: ``text`` is not valid, or outside of ``tenure.contract.cuts.FIRST`` to ``LAST``.
    """
    try:
        moment: date | datetime = date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"'{excerpt(text)}' is not a day or a time: write it as 2026-11-30 or 2026-11-30T06:00"
        ) from None
    if not FIRST.year <= moment.year < LAST.year:
        raise InputError(f"'{excerpt(text)}' does not lie between {FIRST} and {LAST}")
    return instant_of(moment, zone)


def instant_text(instant: int, zone: str) -> str:
    """The time of the clock in ``zone``, for people: the day alone at midnight."""
    shown = local(instant, zone)
    return shown.date().isoformat() if shown.time() == time() else shown.isoformat(timespec="minutes")


def iso_text(instant: int, zone: str) -> str:
    """The time of the clock in ``zone`` with its offset, in ISO 8601, so that ``parse_instant`` returns ``instant``."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(time_zone(zone)).isoformat()


def local_times(instants: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """What the clock in ``zone`` shows at each instant, as microseconds since 1970-01-01 there; shape (instants,)."""
    if not len(instants) or zone == "UTC":
        return instants
    starts, offsets = _offsets(zone, int(instants.min()) // DAY_US, int(instants.max()) // DAY_US)
    if len(starts) == 1:
        return instants + offsets[0]
    return instants + offsets[np.searchsorted(starts, instants, side="right") - 1]


def midnights(days: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """The instants at which days, counted from 1970-01-01, begin in ``zone``; shape (days,)."""
    if zone == "UTC":
        return days * DAY_US
    distinct, places = np.unique(days, return_inverse=True)
    found = [instant_of(_DAY_0 + timedelta(days=int(day)), zone) for day in distinct]
    return np.array(found, dtype=np.int64)[places]


def later(instants: NDArray[np.int64], duration: Duration, zone: str) -> NDArray[np.int64]:
    """Each instant ``duration`` later, as ``shift`` for one; shape (instants,)."""
    moved: NDArray[np.int64] = instants + duration.microseconds
    if not duration.days or not len(moved):
        return moved
    shown = local_times(moved, zone) + duration.days * DAY_US
    starts, offsets = _offsets(zone, int(shown.min()) // DAY_US - 1, int(shown.max()) // DAY_US + 1)
    # Of a time that is shown twice or skipped, the offset before the change holds.
    changes = starts[1:] + np.maximum(offsets[:-1], offsets[1:])
    found: NDArray[np.int64] = shown - offsets[np.searchsorted(changes, shown, side="right")]
    return found


@lru_cache(maxsize=64)
def _offsets(zone: str, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the offset from UTC changes between two days, from the first of them on, and the offset from there on."""
    clock = time_zone(zone)

    def offset(instant: int) -> int:
        moment = (_EPOCH + timedelta(microseconds=instant)).astimezone(clock)
        return (moment.utcoffset() or timedelta()) // _MICROSECOND

    starts, offsets = [first * DAY_US], [offset(first * DAY_US)]
    for day in range(first, last + 1):
        after = offset((day + 1) * DAY_US)
        if after == offsets[-1]:
            continue
        low, high = day * DAY_US, (day + 1) * DAY_US
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if offset(middle) == after else (middle, high)
        starts.append(high)
        offsets.append(after)
    return np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)
