"""Instants and the calendar of a zone, where clocks change too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract.durations import Duration, parse_duration
from tenure.errors import InputError
from tenure.features.instants import (
    days_before,
    instant_of,
    instant_text,
    iso_text,
    local,
    midnight,
    parse_instant,
    shift,
)

BERLIN, NEW_YORK, KATHMANDU, LORD_HOWE = "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"
HOUR = 3_600_000_000
ZONES = st.sampled_from([BERLIN, NEW_YORK, KATHMANDU, LORD_HOWE, "UTC"])
INSTANTS = st.integers(min_value=0, max_value=2**51)


def utc(*parts: int) -> int:
    return (datetime(*parts, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_a_day_begins_at_midnight_of_its_zone() -> None:
    assert instant_of(date(2026, 1, 1), BERLIN) == utc(2025, 12, 31, 23)
    assert instant_of(date(2026, 7, 1), BERLIN) == utc(2026, 6, 30, 22)
    assert instant_of(date(2026, 7, 1), KATHMANDU) == utc(2026, 6, 30, 18, 15)


def test_an_offset_counts() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert instant_of(moment, BERLIN) == utc(2026, 7, 1, 17)


def test_of_a_time_that_the_clock_shows_twice_the_first_counts() -> None:
    assert instant_of(datetime.fromisoformat("2026-10-25T02:30"), BERLIN) == utc(2026, 10, 25, 0, 30)


def test_a_time_that_the_clock_skips() -> None:
    assert instant_of(datetime.fromisoformat("2026-03-29T02:30"), BERLIN) == utc(2026, 3, 29, 1, 30)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 30), 23), (date(2026, 10, 26), 25), (date(2026, 6, 1), 24)])
def test_a_calendar_day_has_23_24_or_25_hours(day: date, hours: int) -> None:
    end = instant_of(day, BERLIN)
    assert end - shift(end, Duration(days=1), BERLIN, sign=-1) == hours * HOUR
    assert end - days_before(end, 1, BERLIN) == hours * HOUR
    assert end - shift(end, parse_duration("24 hours"), BERLIN, sign=-1) == 24 * HOUR


@given(INSTANTS, ZONES)
def test_midnight_is_the_beginning_of_the_same_day(instant: int, zone: str) -> None:
    found = midnight(instant, zone)
    assert found <= instant
    assert local(found, zone).date() == local(instant, zone).date()
    assert days_before(instant, 0, zone) == found


@given(INSTANTS, ZONES, st.integers(min_value=1, max_value=400))
def test_days_are_shifted_on_the_clock(instant: int, zone: str, days: int) -> None:
    midday = instant_of(datetime.combine(local(instant, zone).date(), datetime.min.time().replace(hour=12)), zone)
    later = shift(midday, Duration(days=days), zone, sign=1)
    assert local(later, zone) - local(midday, zone) == timedelta(days=days)
    assert shift(later, Duration(days=days), zone, sign=-1) == midday


@given(INSTANTS, ZONES)
def test_the_iso_text_of_an_instant_is_parsed_as_the_same_instant(instant: int, zone: str) -> None:
    assert parse_instant(iso_text(instant, zone), zone) == instant


def test_texts() -> None:
    assert parse_instant("2026-11-30", BERLIN) == instant_of(date(2026, 11, 30), BERLIN)
    assert parse_instant("2026-11-30T06:00", BERLIN) == utc(2026, 11, 30, 5)
    assert parse_instant("2026-11-30T06:00+02:00", BERLIN) == utc(2026, 11, 30, 4)
    assert parse_instant("2026-11-30T06:00Z", BERLIN) == utc(2026, 11, 30, 6)
    assert instant_text(utc(2026, 11, 29, 23), BERLIN) == "2026-11-30"
    assert instant_text(utc(2026, 11, 30, 5), BERLIN) == "2026-11-30T06:00"


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "2026-11-30T25:00", "", "0000-01-01", "+1"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a day or a time"):
        parse_instant(text, BERLIN)


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar(text: str) -> None:
    with pytest.raises(InputError, match="does not lie between 1900-01-01 and 2200-01-01"):
        parse_instant(text, BERLIN)
