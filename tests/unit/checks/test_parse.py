"""Every type, from text and typed: what parses, what is missing, what is a fault."""

# ruff: noqa: DTZ001  parsed timestamps have no zone: they are UTC
from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Column
from tenure.errors import ContractError, DataError
from tenure.parsing import parse_batch, parse_value
from tenure.parsing.parse import noun

FAULT = object()


def parse(raw: pa.Array, /, **column: Any) -> list[Any]:
    """The parsed values, ``FAULT`` where a row is rejected."""
    batch = pa.RecordBatch.from_arrays([raw], names=["c"])
    parsed, faults = parse_batch(batch, {"c": Column(**column)})
    return [FAULT if bad else value for value, bad in zip(parsed.column(0).to_pylist(), faults.bad, strict=True)]


def text(*values: str | None) -> pa.Array:
    return pa.array([None if value is None else value.encode() for value in values], pa.binary())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        (" -3 ", -3),
        ("+3", 3),
        ("007", 7),
        ("3.0", 3),
        ("1e3", 1000),
        ("9223372036854775807", 2**63 - 1),
        ("9007199254740993", 2**53 + 1),
        ("", None),
        ("   ", None),
        ("NaN", None),
        ("n/a", None),
        ("-999", None),
        ("-999.0", None),
        ("3.5", FAULT),
        ("abc", FAULT),
        ("0x10", FAULT),
        ("1,000", FAULT),
        ("1_000", FAULT),
        ("inf", FAULT),
        ("-Infinity", FAULT),
        ("9223372036854775808", FAULT),
        ("1e30", FAULT),
        ("--3", FAULT),
        ("٣", FAULT),
    ],
)
def test_integers_from_text(written: str, value: Any) -> None:
    described = {"type": "integer", "missing_values": ("n/a", "-999")}
    assert parse(text(written), **described) == [value]
    # Beside a value of any other way to be read, which takes another path.
    for neighbour in ("1", "2.0", "zzz", ""):
        assert parse(text(neighbour, written, neighbour), **described)[1] == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.5", 1.5),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        (" 2 ", 2.0),
        ("nan", None),
        ("-NaN", None),
        ("?", None),
        ("", None),
        ("inf", FAULT),
        ("-INF", FAULT),
        ("1e400", FAULT),
        ("1,5", FAULT),
        ("0x1p3", FAULT),
        ("1.5.2", FAULT),
        ("five", FAULT),
    ],
)
def test_numbers_from_text(written: str, value: Any) -> None:
    assert parse(text(written), type="number", missing_values=("?",)) == [value]
    assert parse(text("zzz", written), type="number", missing_values=("?",))[1] == value


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.none()), min_size=1))
@settings(max_examples=examples(50))
def test_integers_survive_the_way_through_text(values: list[int | None]) -> None:
    written = text(*["" if value is None else str(value) for value in values])
    assert parse(written, type="integer") == values
    assert parse(pa.concat_arrays([written, text("x")]), type="integer")[:-1] == values


@given(st.lists(st.floats(allow_infinity=False, allow_nan=False), min_size=1))
@settings(max_examples=examples(50))
def test_numbers_survive_the_way_through_text(values: list[float]) -> None:
    assert parse(text(*[repr(value) for value in values], "x"), type="number")[:-1] == values


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pa.array([1, None, -999], pa.int32()), [1, None, None]),
        (pa.array([1.0, float("nan"), None], pa.float32()), [1, None, None]),
        (pa.array([1.5, float("inf"), 2.0]), [FAULT, FAULT, 2]),
        (pa.array([Decimal("3.00"), Decimal("3.50")]), [3, FAULT]),
        (pa.array([True, False]), [1, 0]),
        (pa.array([2**63, 5], pa.uint64()), [FAULT, 5]),
        (pa.array(["3", "x"]).dictionary_encode(), [3, FAULT]),
        (pa.array([None, None], pa.null()), [None, None]),
    ],
)
def test_integers_from_typed_columns(values: pa.Array, found: list[Any]) -> None:
    assert parse(values, type="integer", missing_values=("-999",)) == found


def test_numbers_from_typed_columns() -> None:
    assert parse(pa.array([1, None], pa.int64()), type="number") == [1.0, None]
    assert parse(pa.array([Decimal("1.25")]), type="number") == [1.25]
    assert parse(pa.array([1.5, float("-inf"), float("nan")]), type="number") == [1.5, FAULT, None]


def test_booleans() -> None:
    words = text("Yes", "no", "TRUE", "f", "1", "0", "on", "", None, "maybe")
    assert parse(words, type="boolean") == [True, False, True, False, True, False, True, None, None, FAULT]
    own = {"type": "boolean", "values": ("stays", "leaves"), "missing_values": ("?",)}
    assert parse(text(" leaves ", "stays", "?", "yes"), **own) == [True, False, None, FAULT]
    assert parse(pa.array([1, 0, 2, None]), type="boolean") == [True, False, FAULT, None]
    assert parse(pa.array([1.0, 0.0, float("nan")]), type="boolean") == [True, False, None]
    assert parse(pa.array([True, None]), **own) == [True, None]


@pytest.mark.parametrize(
    ("written", "day", "moment"),
    [
        ("2024-02-29", date(2024, 2, 29), datetime(2024, 2, 29)),
        ("2024-02-29T10:30", date(2024, 2, 29), datetime(2024, 2, 29, 10, 30)),
        ("2024-02-29 10:30:01.5", date(2024, 2, 29), datetime(2024, 2, 29, 10, 30, 1, 500_000)),
        ("2024-02-29T23:30:00-02:00", date(2024, 3, 1), datetime(2024, 3, 1, 1, 30)),
        ("2024-02-29T10:30:00Z", date(2024, 2, 29), datetime(2024, 2, 29, 10, 30)),
        ("", None, None),
        ("NULL", None, None),
        ("2023-02-29", FAULT, FAULT),
        ("29/02/2024", FAULT, FAULT),
        ("20240229", FAULT, FAULT),
        ("soon", FAULT, FAULT),
    ],
)
def test_dates_and_timestamps_in_iso(written: str, day: Any, moment: Any) -> None:
    for neighbour in ("2024-01-01", "zzz"):
        column = text(neighbour, written)
        assert parse(column, type="date", missing_values=("NULL",))[1] == day
        assert parse(column, type="timestamp", missing_values=("NULL",))[1] == moment


@pytest.mark.parametrize(
    ("form", "written", "value"),
    [
        ("%d/%m/%Y", "29/02/2024", date(2024, 2, 29)),
        ("%d/%m/%Y", "1/2/2024", date(2024, 2, 1)),
        ("%d/%m/%Y", "31/02/2024", FAULT),
        ("%d/%m/%Y", "2024-02-01", FAULT),
        ("%d/%m/%Y", "01/02/2024 rest", FAULT),
        ("%d %b %Y", "01 Mar 2024", date(2024, 3, 1)),
        ("%Y%m%d", "20240301", date(2024, 3, 1)),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-02-29T23:30:00-0200", date(2024, 3, 1)),
    ],
)
def test_dates_by_format(form: str, written: str, value: Any) -> None:
    assert parse(text(written), type="date", format=form) == [value]
    assert parse(text("junk", written, ""), type="date", format=form) == [FAULT, value, None]


def test_a_day_written_as_a_number_is_read_by_its_format() -> None:
    assert parse(pa.array([20240301]), type="date", format="%Y%m%d") == [date(2024, 3, 1)]


def test_timestamps_by_format() -> None:
    form = {"type": "timestamp", "format": "%d.%m.%Y %H:%M"}
    assert parse(text("01.03.2024 12:30", "01.03.2024"), **form) == [datetime(2024, 3, 1, 12, 30), FAULT]


def test_dates_and_timestamps_from_typed_columns() -> None:
    moments = pa.array([datetime(2024, 3, 1, 23, 30)], pa.timestamp("ns"))
    zoned = pa.array([datetime(2024, 3, 1, 23, 30)], pa.timestamp("ms", "America/New_York"))
    assert parse(moments, type="date") == [date(2024, 3, 1)]
    assert parse(zoned, type="timestamp") == [datetime(2024, 3, 1, 23, 30)]
    assert parse(pa.array([date(2024, 3, 1)]), type="timestamp") == [datetime(2024, 3, 1)]
    never = pa.array([date(1900, 1, 1), date(2024, 3, 1)])
    assert parse(never, type="date", missing_values=("1900-01-01",)) == [None, date(2024, 3, 1)]


def test_text() -> None:
    assert parse(text(" a ", "", " ", "NA", None, "b c"), type="string", missing_values=("NA",)) == [
        "a", None, None, None, None, "b c",
    ]  # fmt: skip
    assert parse(pa.array([b"ok", b"caf\xe9", b"n\x00l"]), type="category") == ["ok", FAULT, FAULT]
    assert parse(pa.array([1.0, 2.5, float("nan")]), type="string") == ["1", "2.5", None]
    assert parse(pa.array([10**15, None]), type="string") == [str(10**15), None]
    assert parse(pa.array([True]), type="category") == ["true"]
    assert parse(pa.array([date(2024, 3, 1)]), type="string") == ["2024-03-01"]


def test_a_list_is_no_column() -> None:
    with pytest.raises(DataError, match="column 'c' holds list"):
        parse(pa.array([[1]]), type="string")


def test_a_fault_names_the_column_and_quotes_the_value() -> None:
    batch = pa.RecordBatch.from_arrays([text("x" * 500, "1"), text("inf", "2")], names=["a", "b"])
    _, faults = parse_batch(batch, {"a": Column(type="integer"), "b": Column(type="number")})
    (row,) = faults.rejected(batch, pa.array([7, 8]))
    assert row.row == 7
    assert row.kind == "'a' is not a whole number"
    assert row.reason.startswith("'a' is not a whole number: 'xxx")
    assert row.reason.endswith("…'; 'b' is infinite: 'inf'")
    assert len(row.reason) < 150
    assert row.text.startswith('{"a": "xxx')
    assert {str(kind): count for kind, count in faults.counts.items()} == {
        "'a' is not a whole number": 1,
        "'b' is infinite": 1,
    }


def test_a_value_of_the_contract() -> None:
    assert parse_value("3.0", "c", Column(type="integer"), "columns.c.default") == 3
    with pytest.raises(ContractError, match=r"'columns\.c\.default': 'x' is not a whole number"):
        parse_value("x", "c", Column(type="integer"), "columns.c.default")


@given(
    st.lists(st.text(max_size=12), max_size=30),
    st.sampled_from(["integer", "number", "boolean", "date", "timestamp", "string"]),
)
@settings(max_examples=examples(150))
def test_any_text_parses_or_is_a_fault_whatever_stands_beside_it(values: list[str], kind: str) -> None:
    written = pa.array([value.encode("utf-8", "surrogatepass") for value in values], pa.binary())
    together = parse(written, type=kind) if values else []
    alone = [parse(written.slice(place, 1), type=kind)[0] for place in range(len(values))]
    assert together == alone


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"type": "date"}, "a date such as 2026-11-30"),
        ({"type": "date", "format": "%d.%m.%Y"}, "a date such as 30.11.2026"),
        ({"type": "timestamp"}, "a timestamp such as 2026-11-30T13:45:00"),
        ({"type": "timestamp", "format": "epoch_s"}, "a timestamp such as 1796046300"),
        ({"type": "boolean", "values": ["nein", "ja"]}, "'nein' or 'ja'"),
    ],
)
def test_what_a_value_must_be_is_shown_as_the_column_writes_it(described: dict[str, Any], said: str) -> None:
    column = Column(**described)
    assert noun(column) == said
    _, faults = parse_batch(pa.RecordBatch.from_pydict({"x": ["soon"]}), {"x": column})
    assert str(next(iter(faults.counts))) == f"'x' is not {said}"
