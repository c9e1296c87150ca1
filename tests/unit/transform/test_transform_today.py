"""The day of each row where a model is used, and a transform whose features depend on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tenure.contract import Contract, parse
from tenure.errors import BundleError, DataError, InputError
from tenure.transform import Transform, fit, of_table, read_day, utc_day, with_today

CONTRACT = """\
name: one
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  looked: {type: timestamp, role: time, format: "%d.%m.%Y %H:%M"}
  joined: {type: date}
  months: {type: integer}
  left: {type: boolean, role: label}
derived:
  days: {expression: "EXPRESSION", reason: r}
"""
DAY = date(2026, 11, 30)


def contract(expression: str = "days_between(joined, today())") -> Contract:
    return parse(CONTRACT.replace("EXPRESSION", expression))


def days(columns: dict[str, Any], day: date | None = DAY) -> list[date]:
    found: Any = with_today(contract(), columns, day)["_today"]
    assert found.type == pa.date32()
    return found.to_pylist()


def test_a_row_without_a_day_has_the_day_of_the_prediction() -> None:
    assert days({"joined": ["2026-01-01", None]}) == [DAY, DAY]
    assert days({"joined": pa.array(["2026-01-01"] * 100)}) == [DAY] * 100
    assert days({"joined": []}) == []


def test_the_time_of_a_row_is_its_day() -> None:
    columns = {"joined": ["2026-01-01"] * 2, "looked": ["24.12.2025 23:59", None]}
    assert days(columns) == [date(2025, 12, 24), DAY]
    parsed = pa.array(np.array(["2025-12-24T23:59", "1969-12-31T01:00"], "datetime64[us]"))
    assert days({"joined": ["2026-01-01"] * 2, "looked": parsed}, None) == [date(2025, 12, 24), date(1969, 12, 31)]


@pytest.mark.parametrize(
    "sent",
    [
        ["2026-02-01", None],
        [date(2026, 2, 1), None],
        np.array(["2026-02-01", "NaT"], "datetime64[D]"),
        [b"2026-02-01", b""],
    ],
)
def test_a_day_that_a_row_names_counts_first(sent: Any) -> None:
    columns = {"joined": ["2026-01-01"] * 2, "looked": ["24.12.2025 00:00", "25.12.2025 00:00"], "_today": sent}
    assert days(columns) == [date(2026, 2, 1), date(2025, 12, 25)]


def test_a_row_without_any_day_is_an_error() -> None:
    with pytest.raises(InputError, match=r"row 2 has no day for today\(\): give the day of the prediction"):
        days({"joined": ["2026-01-01"] * 2, "_today": ["2026-02-01", None]}, None)
    with pytest.raises(DataError, match="column '_today', row 1: 'soon' is not a date"):
        days({"joined": ["2026-01-01"], "_today": ["soon"]})


def test_other_contracts_get_no_column() -> None:
    columns = {"joined": ["2026-01-01"], "months": [1]}
    assert with_today(contract("month(joined)"), columns, DAY) is columns


@pytest.fixture(scope="module")
def fitted() -> Transform:
    rows = pa.table(
        {
            "joined": ["2026-01-01", "2025-01-01", None, "2024-02-29"],
            "months": [1, 2, 3, 4],
            "_today": pa.array([DAY, DAY, DAY, date(2026, 6, 1)]),
        }
    )
    return fit(contract(), of_table(rows))


def test_features_depend_on_the_day(fitted: Transform) -> None:
    assert fitted.inputs == ("joined", "months", "_today")
    columns = {"joined": ["2026-11-29", "2026-11-29"], "months": [1, 1]}
    encoded = fitted.encode(with_today(contract(), columns, DAY))
    later = fitted.encode(with_today(contract(), columns | {"_today": ["2027-11-29", None]}, DAY))
    place = [feature.name for feature in fitted.features].index("days")
    assert encoded.matrix[:, place].tolist() == [1.0, 1.0]
    assert later.matrix[:, place].tolist() == [365.0, 1.0]
    assert set(encoded.values) == {"joined", "months", "days"}


def test_a_list_of_dates_equals_any_other_form(fitted: Transform) -> None:
    columns = {"joined": ["2026-11-29"] * 3, "months": [1] * 3}
    named = [date(2026, 12, 1), date(1969, 12, 31), date(9999, 12, 31)]
    found = [
        fitted.encode(columns | {"_today": given}).matrix
        for given in (named, pa.array(named), [day.isoformat() for day in named])
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_the_day_must_be_there(fitted: Transform) -> None:
    with pytest.raises(DataError, match="column '_today' is missing"):
        fitted.encode({"joined": ["2026-11-29"], "months": [1]})


def test_the_state_holds_the_day(fitted: Transform) -> None:
    assert Transform.from_json(fitted.to_json()).state == fitted.state
    without = fitted.to_json().replace('"_today"', '"_tomorrow"')
    with pytest.raises(BundleError, match="'days' depends on the day, which is not an input"):
        Transform.from_json(without)
    assert (
        "_today"
        not in fit(contract("month(joined)"), of_table(pa.table({"joined": ["2026-01-01"], "months": [1]}))).to_json()
    )


def test_days_as_users_give_them() -> None:
    assert read_day("2026-11-30") == read_day(DAY) == read_day(datetime(2026, 11, 30, 9, tzinfo=UTC)) == DAY
    assert read_day(None) in (utc_day(), read_day(""))
    for wrong in ("30.11.2026", "2026-02-30", "today"):
        with pytest.raises(InputError, match=f"'{wrong}' is not a day: write it as 2026-11-30"):
            read_day(wrong)
