"""Parses text and typed columns as dates and timestamps, those without an offset as the clock of a zone shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract.columns import EPOCH_FORMATS, EPOCH_UNITS
from tenure.parsing import numerals
from tenure.parsing.lenient import cast_lenient, flags, keep, matches, valid
from tenure.parsing.wall_clock import TIMESTAMP, UTC_CLOCK, WallClock

DATE = pa.date32()

ISO_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
ISO_DATE_PATTERN = ISO_PATTERN + "$"
LOOSE_PATTERN = r":[0-9]{2}(\.[0-9]+)?( *(UTC|GMT)| +(Z|[+-][0-9:]+))$|\.[0-9]{7}"
"""What other programs add to ISO 8601: a zone by name or behind a blank, nanoseconds."""
STRICTER = ((r"(\.[0-9]{6})[0-9]+", r"\1"), (r" *(?:UTC|GMT)$", "Z"), (r" +(Z|[+-][0-9:]+)$", r"\1"))
"""Replacements that make ISO 8601 of such texts."""
ZONE_PATTERN = r":[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
MICROSECONDS = {form: unit / timedelta(microseconds=1) for form, unit in EPOCH_UNITS.items()}
"""Microseconds in the unit of each epoch format."""
LARGEST_US = 2.0**62
FIRST, LAST = datetime.min, datetime.max  # noqa: DTZ901 timestamps are in UTC, without a zone
"""What Python's dates hold: years 1 to 9999."""
SIMPLE_FORMAT = re.compile(r"(?:%[YmdHMS]|[^%])+")
"""Formats that Arrow and Python parse alike."""


@dataclass(frozen=True)
class _Read:
    """Timestamps of a column; each row has at most one of the two."""

    clock: pa.Array
    """Those written without an offset: what a clock shows."""
    instants: pa.Array | None = None
    """Those written with an offset, in UTC; None for none."""


def dates(column: pa.Array, form: str | None, clock: WallClock = UTC_CLOCK) -> pa.Array:
    """Parse as date32; null where a value is missing or not a date. A timestamp becomes its day in the clock's zone.

    Args:
        column: text, dates or timestamps; numbers with an epoch format.
        form: ``strptime`` format of a text, or one of ``EPOCH_FORMATS``; None for ISO 8601.
        clock: of the zone.
    """
    if pa.types.is_temporal(column.type):
        return _within(column, DATE) if pa.types.is_date(column.type) else _days(_typed(column), clock)
    if form is not None:
        return _days(_by_format(column, form), clock)
    try:
        return _within(pc.cast(column, DATE), DATE)
    except pa.ArrowInvalid:
        plain = matches(column, ISO_DATE_PATTERN)
        days = _within(cast_lenient(keep(column, plain), DATE), DATE)
        return pc.coalesce(days, _days(_iso(keep(column, valid(column) & ~plain)), clock))


def timestamps(column: pa.Array, form: str | None, clock: WallClock = UTC_CLOCK) -> pa.Array:
    """Parse as timestamp[us] in UTC, without a time zone; null where a value is missing or not a timestamp.

    Args:
        column: text, dates or timestamps; numbers with an epoch format.
        form: ``strptime`` format of a text, or one of ``EPOCH_FORMATS``; None for ISO 8601.
        clock: of the zone that times without an offset are of.
    """
    if pa.types.is_temporal(column.type):
        read = _typed(column)
    else:
        read = _iso(column) if form is None else _by_format(column, form)
    found = clock.to_utc(read.clock)
    return found if read.instants is None else pc.coalesce(found, read.instants)


def _days(read: _Read, clock: WallClock) -> pa.Array:
    found = read.clock if read.instants is None else pc.coalesce(read.clock, clock.shown(read.instants))
    return pc.cast(found, DATE, safe=False)


def _typed(column: pa.Array) -> _Read:
    column = _castable(column)
    if _zone(column) is None:
        return _Read(_within(pc.cast(column, TIMESTAMP, safe=False), TIMESTAMP))
    return _only_instants(_within(_naive(column), TIMESTAMP))


def _only_instants(instants: pa.Array) -> _Read:
    return _Read(pa.nulls(len(instants), TIMESTAMP), instants)


def _iso(text: pa.Array) -> _Read:
    try:
        return _Read(_within(pc.cast(text, TIMESTAMP), TIMESTAMP))
    except pa.ArrowInvalid:
        if matches(text, LOOSE_PATTERN).any():
            for pattern, replacement in STRICTER:
                text = pc.replace_substring_regex(text, pattern=pattern, replacement=replacement)
        zoned = matches(text, ZONE_PATTERN)
        iso = matches(text, ISO_PATTERN)
        without = cast_lenient(keep(text, iso & ~zoned), TIMESTAMP)
        with_zone = _naive(cast_lenient(keep(text, iso & zoned), pa.timestamp("us", "UTC")))
        return _Read(_within(without, TIMESTAMP), _within(with_zone, TIMESTAMP))


def _by_format(text: pa.Array, form: str) -> _Read:
    """Parse as epoch numbers, or by ``strptime``: Arrow's where it agrees with Python's, else Python's, once for each
    distinct text."""
    if form in EPOCH_FORMATS:
        return _only_instants(_epoch(text, MICROSECONDS[form]))
    found = pa.nulls(len(text), TIMESTAMP)
    if SIMPLE_FORMAT.fullmatch(form):
        read = pc.strptime(text, format=form, unit="us", error_is_null=True)
        # Arrow parses 31 February as 2 March: a value that is not formatted back to its text is left to Python.
        same = flags(pc.equal(pc.strftime(pc.cast(read, pa.timestamp("s")), format=form), text))
        found = keep(read, same)
        text = keep(text, valid(text) & ~same)
        if text.null_count == len(text):
            return _Read(found)
    coded = text.dictionary_encode()
    moments = [_strptime(value, form) for value in coded.dictionary.to_pylist()]
    # %Z reads the names UTC and GMT, and returns a time without a zone.
    zoned = [moment is not None and (moment.tzinfo is not None or "%Z" in form) for moment in moments]
    naive = [None if moment is None else moment.replace(tzinfo=None) for moment in moments]
    read = pa.array(naive, TIMESTAMP).take(coded.indices)
    if not any(zoned):
        return _Read(pc.coalesce(found, read))
    with_zone = flags(pa.array(zoned, pa.bool_()).take(coded.indices))
    return _Read(pc.coalesce(found, keep(read, ~with_zone)), keep(read, with_zone))


def _epoch(column: pa.Array, scale: float) -> pa.Array:
    """Numbers, or texts of numbers, since 1970-01-01 in UTC; null where out of range."""
    numbers = numerals.floats(column).values
    microseconds = np.round(pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False) * scale)
    usable = np.abs(microseconds) < LARGEST_US
    found = pa.array(np.where(usable, microseconds, 0).astype(np.int64), mask=~usable)
    return _within(pc.cast(found, TIMESTAMP), TIMESTAMP)


def _castable(column: pa.Array) -> pa.Array:
    """Dates or timestamps, null where their microseconds would overflow."""
    if not pa.types.is_timestamp(column.type) or column.type.unit not in ("s", "ms"):
        return column
    limit = LARGEST_US / (1e6 if column.type.unit == "s" else 1e3)
    numbers = column.cast(pa.int64()).cast(pa.float64(), safe=False)
    return keep(column, flags(pc.less(pc.abs(numbers), limit)))


def _within(moments: pa.Array, kind: pa.DataType) -> pa.Array:
    """Dates or timestamps as ``kind``, null outside of ``FIRST`` to ``LAST``."""
    found = pc.cast(moments, kind)
    first, last = pa.scalar(FIRST, TIMESTAMP).cast(kind, safe=False), pa.scalar(LAST, TIMESTAMP).cast(kind, safe=False)
    within = flags(pc.and_(pc.greater_equal(found, first), pc.less_equal(found, last)))
    return found if within.sum() == len(found) - found.null_count else keep(found, within)


def _strptime(text: str, form: str) -> datetime | None:
    """The time that a text names; with an offset in UTC, of the zone UTC."""
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007  of the clock
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC, the first and last day may be out of range
        return None


def _zone(column: pa.Array) -> str | None:
    return column.type.tz if pa.types.is_timestamp(column.type) else None


def _naive(moments: pa.Array) -> pa.Array:
    """Timestamps with a zone as timestamps in UTC without one; the stored numbers are the same."""
    return pc.cast(pc.cast(moments, pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()), TIMESTAMP)
