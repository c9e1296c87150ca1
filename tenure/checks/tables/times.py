"""Times of rows compared with each other, where a day has no time of day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.parsing.lenient import flags
from tenure.parsing.wall_clock import TIMESTAMP, WallClock


def before(left: pa.Array, right: pa.Array, zone: str) -> NDArray[np.bool_]:
    """Which times in ``left`` are before those in ``right``; bool, shape (rows,). Missing ones are not.

    Args:
        left, right: dates, or timestamps in UTC. If one of them is of dates, both are compared as days in ``zone``.
        zone: IANA name.
    """
    if left.type != right.type:
        left, right = days(left, zone), days(right, zone)
    return flags(pc.less(left, right))


def late(times: pa.Array, known: pa.Array, zone: str) -> NDArray[np.bool_]:
    """Which rows became known on a later day in ``zone`` than that of their time; bool, shape (rows,).

    Whatever takes part of a day, as most systems do, is in time for the night.
    """
    return before(days(times, zone), days(known, zone), zone)


def days(times: pa.Array, zone: str) -> pa.Array:
    """The days in ``zone`` on which the times lie; date32."""
    if pa.types.is_date(times.type):
        return times
    return WallClock(zone).shown(times.cast(TIMESTAMP)).cast(pa.date32(), safe=False)


def numbers(times: pa.Array) -> NDArray[np.int64]:
    """Times as numbers in their order, shape (rows,); 0 where missing."""
    whole = times.cast(pa.int32()) if pa.types.is_date32(times.type) else times
    found: NDArray[np.int64] = pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return found
