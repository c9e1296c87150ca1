"""Times of the clock in a time zone, and the instants in UTC that they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract.durations import DAY_US
from tenure.contract.zones import time_zone

TIMESTAMP = pa.timestamp("us")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 of the clock
_MICROSECOND = timedelta(microseconds=1)
_UTC_NAMES = ("UTC", "Etc/UTC")


class WallClock:
    """The clock in a time zone."""

    def __init__(self, zone: str | None) -> None:
        """
        Args:
            zone: IANA name; None for UTC.
        """
        self.zone = None if zone in _UTC_NAMES else zone
        self.doubtful = 0
        """Number of times seen by ``to_utc`` that the clock shows twice or skips."""

    def to_utc(self, moments: pa.Array) -> pa.Array:
        """The instants at which the clock shows ``moments``, null outside of the years 1 to 9999.

        Of a time that the clock shows twice, the first is taken; one that it skips is taken with the offset before the
        change, as ``tenure.features.instants.instant_of`` does. Both are timestamp[us] without a time zone.
        """
        if self.zone is None:
            return moments
        offsets, doubtful = _offsets(moments, self.zone, _offset_of_clock, _offset_of_clock_day)
        self.doubtful += doubtful
        return _moved(moments, -offsets)

    def shown(self, instants: pa.Array) -> pa.Array:
        """What the clock shows at instants in UTC; both timestamp[us] without a time zone."""
        if self.zone is None:
            return instants
        return _moved(instants, _offsets(instants, self.zone, _offset_at, _offset_of_utc_day)[0])


UTC_CLOCK = WallClock(None)


def _offsets(
    moments: pa.Array,
    zone: str,
    offset_of: Callable[[int, str], tuple[int, bool]],
    offset_of_day: Callable[[int, str], int | None],
) -> tuple[NDArray[np.int64], int]:
    """Offset from UTC of each moment, in microseconds, and how many of them a change of the clock makes doubtful.

    Args:
        offset_of: of one moment.
        offset_of_day: of all moments of a day, or None where the clock changes on it.
    """
    numbers = pc.fill_null(moments.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    days, of_row = np.unique(numbers // DAY_US, return_inverse=True)
    known = [offset_of_day(day, zone) for day in days.tolist()]
    offsets = np.array([offset or 0 for offset in known], dtype=np.int64)[of_row]
    doubtful = np.zeros(len(numbers), dtype=bool)
    for position in np.flatnonzero(np.array([offset is None for offset in known], dtype=bool)[of_row]):
        offsets[position], doubtful[position] = offset_of(int(numbers[position]), zone)
    return offsets, int((doubtful & moments.is_valid().to_numpy(zero_copy_only=False)).sum())


@lru_cache(maxsize=100_000)
def _offset_of_clock_day(day: int, zone: str) -> int | None:
    ends = [_offset_of_clock(moment, zone) for moment in (day * DAY_US, (day + 1) * DAY_US)]
    return ends[0][0] if ends[0] == ends[1] else None


@lru_cache(maxsize=100_000)
def _offset_of_utc_day(day: int, zone: str) -> int | None:
    first, last = (_offset_at(moment, zone) for moment in (day * DAY_US, (day + 1) * DAY_US))
    return first[0] if first == last else None


@lru_cache(maxsize=100_000)
def _offset_of_clock(moment: int, zone: str) -> tuple[int, bool]:
    try:
        shown = (_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=time_zone(zone))
        first, second = shown.utcoffset(), shown.replace(fold=1).utcoffset()
    except (OverflowError, ValueError):
        return 0, False
    return (first or timedelta()) // _MICROSECOND, first != second


@lru_cache(maxsize=100_000)
def _offset_at(instant: int, zone: str) -> tuple[int, bool]:
    try:
        moment = (_EPOCH + timedelta(microseconds=instant)).replace(tzinfo=UTC).astimezone(time_zone(zone))
    except (OverflowError, ValueError):
        return 0, False
    return (moment.utcoffset() or timedelta()) // _MICROSECOND, False


def _moved(moments: pa.Array, by: NDArray[np.int64]) -> pa.Array:
    moved = pc.add(moments.cast(pa.int64()), pa.array(by)).cast(TIMESTAMP)
    first, last = pa.scalar(datetime.min, TIMESTAMP), pa.scalar(datetime.max, TIMESTAMP)  # noqa: DTZ901 in UTC
    return pc.if_else(pc.and_(pc.greater_equal(moved, first), pc.less_equal(moved, last)), moved, None)
