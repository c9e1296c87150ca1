"""Parses text and typed columns as dates and timestamps. A timestamp without a time zone is in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from tenure.parsing.lenient import cast_lenient, flags, keep, matches, valid

DATE = pa.date32()
TIMESTAMP = pa.timestamp("us")

ISO_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
ISO_DATE_PATTERN = ISO_PATTERN + "$"
ZONE_PATTERN = r":[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
SIMPLE_FORMAT = re.compile(r"(?:%[YmdHMS]|[^%])+")
"""Formats that Arrow and Python parse alike."""


def dates(column: pa.Array, form: str | None) -> pa.Array:
    """Parse as date32; null where a value is missing or not a date. A timestamp becomes its day.

    Args:
        column: text, dates or timestamps.
        form: ``strptime`` format of a text; None for ISO 8601.
    """
    if pa.types.is_temporal(column.type):
        return _day(column if pa.types.is_date(column.type) else timestamps(column, None))
    if form is not None:
        return _day(_by_format(column, form))
    try:
        return pc.cast(column, DATE)
    except pa.ArrowInvalid:
        plain = matches(column, ISO_DATE_PATTERN)
        days = cast_lenient(keep(column, plain), DATE)
        return pc.coalesce(days, _day(_iso(keep(column, valid(column) & ~plain))))


def timestamps(column: pa.Array, form: str | None) -> pa.Array:
    """Parse as timestamp[us] in UTC, without a time zone; null where a value is missing or not a timestamp.

    Args:
        column: text, dates or timestamps.
        form: ``strptime`` format of a text; None for ISO 8601.
    """
    if pa.types.is_temporal(column.type):
        return pc.cast(column, pa.timestamp("us"), safe=False) if _zone(column) is None else _naive(column)
    return _iso(column) if form is None else _by_format(column, form)


def _iso(text: pa.Array) -> pa.Array:
    try:
        return pc.cast(text, TIMESTAMP)
    except pa.ArrowInvalid:
        zoned = matches(text, ZONE_PATTERN)
        iso = matches(text, ISO_PATTERN)
        without = cast_lenient(keep(text, iso & ~zoned), TIMESTAMP)
        return pc.coalesce(without, _naive(cast_lenient(keep(text, iso & zoned), pa.timestamp("us", "UTC"))))


def _by_format(text: pa.Array, form: str) -> pa.Array:
    """Parse by ``strptime``: Arrow's where it agrees with Python's, else Python's, once for each distinct text."""
    found = pa.nulls(len(text), TIMESTAMP)
    if SIMPLE_FORMAT.fullmatch(form):
        read = pc.strptime(text, format=form, unit="us", error_is_null=True)
        # Arrow parses 31 February as 2 March: a value that is not formatted back to its text is left to Python.
        same = flags(pc.equal(pc.strftime(pc.cast(read, pa.timestamp("s")), format=form), text))
        found = keep(read, same)
        text = keep(text, valid(text) & ~same)
        if text.null_count == len(text):
            return found
    coded = text.dictionary_encode()
    moments = [_strptime(value, form) for value in coded.dictionary.to_pylist()]
    return pc.coalesce(found, pa.array(moments, TIMESTAMP).take(coded.indices))


def _strptime(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007  a moment without a zone is UTC
    except ValueError:
        return None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _zone(column: pa.Array) -> str | None:
    return column.type.tz if pa.types.is_timestamp(column.type) else None


def _naive(moments: pa.Array) -> pa.Array:
    """Timestamps with a zone as timestamps in UTC without one; the stored numbers are the same."""
    return pc.cast(pc.cast(moments, pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()), TIMESTAMP)


def _day(moments: pa.Array) -> pa.Array:
    return pc.cast(moments, DATE, safe=False)
