"""Times of the clock in a time zone as instants, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenure.contract.columns import Column
from tenure.contract.zones import time_zone
from tenure.features.instants import instant_of, local
from tenure.parsing import RowFaults, parse_batch
from tenure.parsing.wall_clock import TIMESTAMP, WallClock

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu")
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 of the clock


def parsed(values: list[Any], zone: str | None, **column: Any) -> tuple[list[Any], RowFaults]:
    batch = pa.RecordBatch.from_arrays([pa.array(values)], names=["t"])
    found, faults = parse_batch(batch, {"t": Column(**({"type": "timestamp"} | column))}, zone)
    return found.column(0).to_pylist(), faults


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ZONES))
@example([datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30)], "Europe/Berlin")  # noqa: DTZ001
@example([datetime(2018, 11, 4, 0, 30), datetime(2018, 2, 17, 23, 30)], "America/Sao_Paulo")  # noqa: DTZ001
def test_an_instant_is_that_of_the_features(moments: list[datetime], zone: str) -> None:
    instants = WallClock(zone).to_utc(pa.array(moments, TIMESTAMP)).cast(pa.int64()).to_pylist()
    assert instants == [instant_of(moment, zone) for moment in moments]


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ZONES))
@example([datetime(2026, 3, 29, 1, 0), datetime(2026, 10, 25, 0, 59), datetime(2026, 10, 25, 1)], "Europe/Berlin")  # noqa: DTZ001
def test_the_clock_shows_what_the_features_take_for_the_day(moments: list[datetime], zone: str) -> None:
    column = pa.array(moments, TIMESTAMP)
    shown = WallClock(zone).shown(column).to_pylist()
    assert shown == [local(instant, zone) for instant in column.cast(pa.int64()).to_pylist()]


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_doubtful_times_are_those_whose_offset_depends_on_the_fold(moments: list[datetime], zone: str) -> None:
    clock = WallClock(zone)
    clock.to_utc(pa.array([*moments, None], TIMESTAMP))
    local_times = [moment.replace(tzinfo=time_zone(zone)) for moment in moments]
    assert clock.doubtful == sum(time.utcoffset() != time.replace(fold=1).utcoffset() for time in local_times)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-07-01T12:00:00", None),
        ("2026-07-01 12:00", None),
        ("2026-07-01T10:00:00Z", None),
        ("2026-07-01T10:00:00 UTC", None),
        ("2026-07-01T06:00:00-04:00", None),
        ("01.07.2026 12:00", "%d.%m.%Y %H:%M"),
        ("01.07.2026 10:00 UTC", "%d.%m.%Y %H:%M %Z"),
        ("01.07.2026 15:30 +0530", "%d.%m.%Y %H:%M %z"),
        ("1782900000", "epoch_s"),
        (datetime(2026, 7, 1, 12), None),  # noqa: DTZ001 of the clock
        (datetime(2026, 7, 1, 10, tzinfo=UTC), None),
    ],
)
def test_one_instant_written_in_many_ways(value: Any, form: str | None) -> None:
    assert parsed([value], "Europe/Berlin", format=form)[0] == [datetime(2026, 7, 1, 10)]  # noqa: DTZ001 in UTC


def test_texts_with_and_without_an_offset_in_one_column() -> None:
    found, faults = parsed(["2026-07-01T12:00:00", "2026-07-01T12:00:00Z", None, "soon"], "Europe/Berlin")
    noon = datetime(2026, 7, 1, 12)  # noqa: DTZ001 in UTC
    assert found == [noon - timedelta(hours=2), noon, None, None]
    assert faults.bad.tolist() == [False, False, False, True]
    assert faults.doubtful_times == 0


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-07-01", date(2026, 7, 1)),
        ("2026-07-01T23:30:00", date(2026, 7, 1)),
        ("2026-07-01T23:30:00Z", date(2026, 7, 2)),
        (datetime(2026, 7, 1, 23, 30), date(2026, 7, 1)),  # noqa: DTZ001 of the clock
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 2)),
        (date(2026, 7, 1), date(2026, 7, 1)),
    ],
)
def test_a_date_is_the_day_in_the_zone(value: Any, day: date) -> None:
    assert parsed([value], "Europe/Berlin", type="date")[0] == [day]


def test_a_missing_value_is_a_time_of_the_clock_too() -> None:
    found, _ = parsed(["1900-01-01T00:00:00", "2026-07-01T12:00:00"], "Europe/Berlin", missing_values=["1900-01-01"])
    assert found[1] is not None
    typed, _ = parsed([datetime(1900, 1, 1)], "Europe/Berlin", missing_values=["1900-01-01T00:00:00"])  # noqa: DTZ001
    assert typed == [None]


def test_the_ends_of_time_are_missing_in_utc() -> None:
    clock = WallClock("Asia/Kathmandu")
    moments = pa.array([datetime(1, 1, 1), datetime(9999, 12, 31, 23)], TIMESTAMP)  # noqa: DTZ001 of the clock
    assert clock.to_utc(moments).null_count == 1
    assert WallClock("America/New_York").to_utc(moments).null_count == 1
