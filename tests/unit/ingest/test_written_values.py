"""Values as other people write them: read, refused with what to do, and written back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Column
from tenure.contract.columns import NumberFormat
from tenure.errors import DataError
from tenure.parsing import parse_batch
from tenure.parsing.parse import noun
from tenure.transform.reading import reader_of

COMMA = NumberFormat(decimal=",")
ENGLISH = NumberFormat(thousands=",", symbols=("$",))
GERMAN = NumberFormat(decimal=",", thousands=".", symbols=("€",))
FRENCH = NumberFormat(decimal=",", thousands=" ", symbols=("%",))
SWISS = NumberFormat(thousands="'", symbols=("CHF",))


def parse(column: Column, values: Any) -> tuple[list[Any], list[str]]:
    """The values, and the reasons of the faults."""
    raw = pa.RecordBatch.from_arrays([values if isinstance(values, pa.Array) else pa.array(values)], names=["x"])
    parsed, faults = parse_batch(raw, {"x": column})
    rows = faults.rejected(raw, pa.array(range(raw.num_rows)))
    return parsed.column(0).to_pylist(), [row.reason for row in rows]


@pytest.mark.parametrize(
    ("form", "text", "number"),
    [
        (ENGLISH, "1,234.50", 1234.5),
        (ENGLISH, "1234.5", 1234.5),
        (ENGLISH, "12,34,567.00", 1234567.0),
        (ENGLISH, "$1,234", 1234.0),
        (ENGLISH, "-$5", -5.0),
        (ENGLISH, "$-5", -5.0),
        (ENGLISH, "$ - 5", -5.0),
        (ENGLISH, "($1,234.50)", -1234.5),
        (ENGLISH, "$(5)", -5.0),
        (ENGLISH, "+5", 5.0),
        (ENGLISH, "12-", -12.0),
        (ENGLISH, "\u221212", -12.0),
        (ENGLISH, ".5", 0.5),
        (ENGLISH, "1e3", 1000.0),
        (ENGLISH, "NaN", None),
        (GERMAN, "1.234,50 €", 1234.5),
        (GERMAN, "€1.234.567", 1234567.0),
        (GERMAN, "-0,5", -0.5),
        (FRENCH, "1 234,50", 1234.5),
        (FRENCH, "1\u00a0234\u202f567\u2009890", 1234567890.0),
        (FRENCH, "12 %", 12.0),
        (FRENCH, "12%", 12.0),
        (SWISS, "CHF 1'234.50", 1234.5),
        (SWISS, "1’234", 1234.0),
    ],
)
def test_numbers_in_a_format(form: NumberFormat, text: str, number: float | None) -> None:
    assert parse(Column(type="number", format=form), [text, None]) == ([number, None], [])
    whole = number is None or number.is_integer()
    assert bool(parse(Column(type="integer", format=form), [text])[1]) != whole


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (ENGLISH, "1,23"),
        (ENGLISH, "1,2345"),
        (ENGLISH, ",123"),
        (ENGLISH, "0,123"),
        (ENGLISH, "1.234,50"),
        (ENGLISH, "€5"),
        (ENGLISH, "--5"),
        (ENGLISH, "-5-"),
        (ENGLISH, "(-5)"),
        (ENGLISH, "(5"),
        (ENGLISH, "$"),
        (ENGLISH, "1 234"),
        (GERMAN, "1,234.50"),
        (GERMAN, "1.23"),
        (COMMA, "1.234"),
        (FRENCH, "1  234"),
        (FRENCH, "12 34"),
    ],
)
def test_other_texts_are_faults(form: NumberFormat, text: str) -> None:
    values, reasons = parse(Column(type="number", format=form), [text])
    assert values == [None]
    assert reasons[0].startswith("'x' is not a number such as 1")


def test_typed_numbers_are_taken_as_they_are() -> None:
    column = Column(type="number", format=GERMAN)
    assert parse(column, [1.5, None])[0] == [1.5, None]
    assert parse(column, pa.array([Decimal("1.50")]))[0] == [1.5]
    assert reader_of("x", column)([1.5, "1,5", Decimal("1.5")]).tolist() == [1.5, 1.5, 1.5]


def test_missing_values_under_a_format() -> None:
    column = Column(type="number", format=GERMAN, missing_values=("k. A.", "-999", "1.000"))
    texts = ["k. A.", "-999", "-999,0", "(999)", "1.000", "1000", "5"]
    assert parse(column, texts)[0] == [None, None, None, None, None, None, 5.0]
    assert parse(column, [-999.0, 1000.0, 1.0])[0] == [None, None, 1.0]


def test_a_fault_proposes_the_format_that_the_values_show() -> None:
    _, reasons = parse(Column(type="number"), ["74,02", "12", "55,72"])
    assert reasons[0] == "'x' is not a number: '74,02'; set format: {decimal: \",\"}"
    _, reasons = parse(Column(type="integer"), ["74,02", "12"])
    assert reasons == ["'x' is not a whole number: '74,02'; set type: number, format: {decimal: \",\"}"]
    _, reasons = parse(Column(type="number"), ["1.234,50 €"])
    assert reasons[0].endswith('; set format: {decimal: ",", thousands: ".", symbols: ["€"]}')
    _, reasons = parse(Column(type="number"), ["12-"])
    assert reasons[0].endswith('; set format: {decimal: "."}')
    _, reasons = parse(Column(type="date"), ["1/16/24"])
    assert reasons == ["'x' is not a date such as 2026-11-30: '1/16/24'; set format: '%m/%d/%y'"]
    _, reasons = parse(Column(type="number"), ["many"])
    assert reasons == ["'x' is not a number: 'many'"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["9223372036854775808"]),
        pa.array(["-9223372036854775809"]),
        pa.array([2**64 - 1], pa.uint64()),
        pa.array([Decimal("12345678901234567890")]),
        pa.array([1e300]),
        pa.array(["1e20"]),
    ],
)
def test_integers_beyond_64_bits_say_what_to_do(values: pa.Array) -> None:
    column = Column(type="integer")
    parsed, reasons = parse(column, values)
    assert parsed == [None]
    assert "use type string for an identifier, number for a quantity" in reasons[0]
    for many in (values, values.to_pylist(), pa.concat_arrays([values] * 70)):
        with pytest.raises(DataError, match=r"column 'x', row 1: .* use type string"):
            reader_of("x", column)(many)


def test_decimals_are_exact() -> None:
    values = pa.array([Decimal("123456789012345678"), Decimal("12.00"), None])
    assert parse(Column(type="integer"), values) == ([123456789012345678, 12, None], [])
    _, reasons = parse(Column(type="integer"), pa.array([Decimal("1.50")]))
    assert reasons == ["'x' is not a whole number: 1.50"]
    with pytest.raises(DataError, match="is not a whole number"):
        reader_of("x", Column(type="integer"))(pa.array([Decimal("1.50")] * 70))


NO_YES = ("No", "Yes")


@pytest.mark.parametrize(
    ("values", "texts", "meanings"),
    [
        (None, ["True.", "FALSE", " yes ", "N", "1.0", "0.00", "1,0", "off"], [1, 0, 1, 0, 1, 0, 1, 0]),
        (NO_YES, ["no", "YES", "Yes.", "true", "0.0", "1"], [0, 1, 1, 1, 0, 1]),
        (("0", "1"), ["0.0", "1.0", "True", "no", "y"], [0, 1, 1, 0, 1]),
        (("0.0", "1.0"), ["0", "1", "1.00"], [0, 1, 1]),
        (("Yes", "No"), ["Yes", "no", "YES."], [0, 1, 0]),
        (("a", "A"), ["a", "A"], [0, 1]),
        (("não", "sim"), ["NÃO", "Sim"], [0, 1]),
        (("nein", "ja"), ["Ja", "NEIN."], [1, 0]),
        (("False.", "True."), ["False.", "true", "0"], [0, 1, 0]),
        (("1", "2"), ["1.0", "2.0"], [0, 1]),
    ],
)
def test_booleans(values: tuple[str, str] | None, texts: list[str], meanings: list[int]) -> None:
    column = Column(type="boolean", values=values)
    assert parse(column, texts) == ([bool(meaning) for meaning in meanings], [])
    assert reader_of("x", column)(texts).tolist() == meanings


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (None, "ja"),
        (NO_YES, "maybe"),
        (("Yes", "No"), "true"),
        (("nein", "ja"), "yes"),
        (("a", "A"), "a."),
        (None, "2"),
    ],
)
def test_a_text_that_is_neither_is_named(values: tuple[str, str] | None, text: str) -> None:
    column = Column(type="boolean", values=values)
    noun = "true or false" if values is None else f"'{values[0]}' or '{values[1]}'"
    assert parse(column, [text])[1] == [f"'x' is not {noun}: '{text}'"]
    with pytest.raises(DataError, match=f"'{text}' is not {noun}"):
        reader_of("x", column)([text])


def test_typed_booleans_and_numbers() -> None:
    column = Column(type="boolean", values=("0", "1"))
    for values in ([True, False, None], [1.0, 0.0, None], [1, 0, None]):
        assert parse(column, values) == ([True, False, None], [])
    assert parse(column, pa.array([float("nan"), 1.0]))[0] == [None, True]
    assert parse(column, pa.array([b"1.0", b"\xff"]))[1] == ["'x' is not text in UTF-8: '\\\\xff'"]


def test_scoring_reads_booleans_that_became_floats() -> None:
    table = pa.csv.read_csv(Path(__file__).parent / "score_bool_1.0_0.0.csv")
    column = Column(type="boolean", values=("0", "1"), nullable=True)
    texts = table["HasCrCard"].combine_chunks()
    for values in (texts, texts.cast(pa.string())):
        parsed, reasons = parse(column, values)
        assert reasons == []
        assert len(parsed) == 60
        assert parsed.count(True) + parsed.count(False) + parsed.count(None) == 60
        assert parsed.count(True) > 20 < 60 - parsed.count(False)


def test_categories_of_whole_numbers() -> None:
    column = Column(type="category", values=("1", "2", "10"))
    assert parse(column, ["1.0", "2", "10.00", "3.0", "01"])[0] == ["1", "2", "10", "3.0", "01"]
    assert parse(column, [1.0, 10.0])[0] == ["1", "10"]
    floats = Column(type="category", values=("1.0", "2.0"))
    assert parse(floats, ["1", "2.0", "2.00"])[0] == ["1.0", "2.0", "2.0"]
    assert parse(floats, [1, 2])[0] == ["1.0", "2.0"]
    for values in (("a", "1"), ("1", "1.0"), ("01", "02")):
        assert parse(Column(type="category", values=values), ["1.00", "2"])[0] == ["1.00", "2"]
    codes = reader_of("x", column, ("1", "2", "10"))(["1.0", 2.0, b"10.0", 1])
    assert codes.codes.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%m/%d/%y", "1/6/24", "2024-01-06 00:00:00"),
        ("%m/%d/%y", "12/31/69", "1969-12-31 00:00:00"),
        ("%m/%d/%y", "12/31/68", "2068-12-31 00:00:00"),
        ("%d.%m.%Y %H:%M", "24.2.2026 13:45", "2026-02-24 13:45:00"),
        ("%b %d, %Y", "FEB 24, 2026", "2026-02-24 00:00:00"),
        ("%d-%b-%y", "1-feb-26", "2026-02-01 00:00:00"),
        ("%m/%d/%Y %I:%M %p", "1/2/2026 12:05 am", "2026-01-02 00:05:00"),
        ("epoch_s", "1706400000", "2024-01-28 00:00:00"),
        ("epoch_s", "1706400000.0", "2024-01-28 00:00:00"),
        ("epoch_s", "-1.5", "1969-12-31 23:59:58.500000"),
        ("epoch_ms", "1706400000123", "2024-01-28 00:00:00.123000"),
        (None, "2024-01-16T00:00:00+02:00", "2024-01-15 22:00:00"),
        (None, "2024-01-16 10:00Z", "2024-01-16 10:00:00"),
        (None, "2024-01-16 10:00:00 UTC", "2024-01-16 10:00:00"),
        (None, "2024-01-16 10:00:00 +01:00", "2024-01-16 09:00:00"),
        (None, "2024-01-16T10:00:00.123456789Z", "2024-01-16 10:00:00.123456"),
        (None, "2024-01-16", "2024-01-16 00:00:00"),
    ],
)
def test_moments(form: str | None, text: str, moment: str) -> None:
    expected = datetime.fromisoformat(moment)
    assert parse(Column(type="timestamp", format=form), [text, None]) == ([expected, None], [])
    assert parse(Column(type="date", format=form), [text, None]) == ([expected.date(), None], [])


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%m/%d/%y", "13/13/24"),
        ("%m/%d/%y", "2/29/23"),
        ("%m/%d/%y", ""),
        ("%Y-%m-%d %z", "0001-01-01 +0500"),
        ("%d.%m.%Y %H:%M", "24.02.2026 25:00"),
        ("epoch_s", "1e300"),
        ("epoch_s", "1e12"),
        ("epoch_s", "-1e12"),
        ("epoch_s", "inf"),
        ("epoch_s", "nan"),
        ("epoch_s", "2024-01-16"),
        ("epoch_s", "true"),
        (None, "0000-01-01"),
        (None, "0001-01-01T00:00:00+05:00"),
        (None, "9999-12-31T23:59:59-05:00"),
        (None, "20240116"),
        (None, "2024-02-30"),
    ],
)
@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_no_moment_is_a_fault(form: str | None, text: str, kind: str) -> None:
    column = Column(type=kind, format=form)
    values, reasons = parse(column, [text])
    assert values == [None]
    if text:
        assert reasons[0].startswith(f"'x' is not {noun(column)}: {text!r}")
        with pytest.raises(DataError, match=f"is not a {kind}"):
            reader_of("x", column)([text])


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("ms", "UTC"), pa.timestamp("us"), pa.date32()])
def test_typed_dates_far_away_are_faults(kind: pa.DataType) -> None:
    stored = pa.array([2**30], pa.int32()) if kind == pa.date32() else pa.array([2**62])
    for type_ in ("date", "timestamp"):
        column = Column(type=type_)
        assert parse(column, stored.cast(kind)) == ([None], [f"'x' is not {noun(column)}: {stored[0].as_py()}"])


def test_epoch_numbers_in_every_container() -> None:
    column = Column(type="timestamp", format="epoch_s", missing_values=("0",))
    numbers = [1706400000.0, 1706486400.0, 0.0]
    days = [19750.0, 19751.0]
    assert parse(column, numbers)[0] == [
        datetime.fromisoformat("2024-01-28"),
        datetime.fromisoformat("2024-01-29"),
        None,
    ]
    whole = [int(number) for number in numbers]
    mixed = [1706400000, "1706486400", None]
    containers: list[Any] = [numbers, whole, mixed, pa.array(numbers), pa.array(whole), np.array(numbers)]
    for values in [*containers, np.array(whole), pa.array(numbers * 30), np.array(whole * 30)]:
        found = reader_of("x", column)(values).tolist()
        assert found[:2] == days
        assert np.isnan(found[2])


FIRST, LAST = datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2068-12-31")


@given(moment=st.datetimes(FIRST, LAST), form=st.sampled_from(["epoch_s", "epoch_ms", "%d.%m.%Y %H:%M:%S.%f", None]))
@settings(max_examples=examples(100))
def test_a_timestamp_is_read_back_as_it_is_written(moment: datetime, form: str | None) -> None:
    column = Column(type="timestamp", format=form)
    written = column.as_written(moment)
    assert isinstance(written, str) != column.is_epoch
    assert parse(column, [written]) == ([moment], [])
    assert parse(column, [str(written)]) == ([moment], [])
    days = reader_of("x", column)([written]).tolist()
    assert days == pytest.approx([(moment - FIRST).total_seconds() / 86_400], rel=1e-14)


@given(day=st.dates(FIRST.date(), LAST.date()), form=st.sampled_from(["epoch_s", "epoch_ms", "%m/%d/%y", "%b %d, %Y"]))
@settings(max_examples=examples(60))
def test_a_date_is_read_back_as_it_is_written(day: date, form: str) -> None:
    column = Column(type="date", format=form)
    written = column.as_written(day)
    assert parse(column, [written]) == ([day], [])
    if column.is_epoch:
        assert type(written) is int


def test_numbers_with_a_format_are_written_as_numbers() -> None:
    assert Column(type="number", format=GERMAN).as_written(1234.5) == 1234.5
