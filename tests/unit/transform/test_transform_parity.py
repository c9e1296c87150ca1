"""What a client sends is read by the rules by which a table is read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Column
from tenure.contract.columns import NumberFormat
from tenure.contract.values import Text
from tenure.errors import DataError
from tenure.parsing import parse_batch
from tenure.transform.reading import reader_of

ENGLISH = NumberFormat(thousands=",", symbols=("$", "US$"))
GERMAN = NumberFormat(decimal=",", thousands=".", symbols=("€",))
COLUMNS = {
    "number": Column(type="number"),
    "number with stand-ins": Column(type="number", missing_values=("n/a", "-999", " ")),
    "integer": Column(type="integer"),
    "integer with stand-ins": Column(type="integer", missing_values=("-1",)),
    "boolean": Column(type="boolean"),
    "boolean of two texts": Column(type="boolean", values=("No", "Yes"), missing_values=("?",)),
    "boolean of digits": Column(type="boolean", values=("0", "1")),
    "category": Column(type="category", values=("a", "b"), missing_values=("none",)),
    "string": Column(type="string"),
    "date": Column(type="date"),
    "date in a format": Column(type="date", format="%d.%m.%Y", missing_values=("-",)),
    "timestamp": Column(type="timestamp"),
    "english numbers": Column(type="number", format=ENGLISH, missing_values=("-999", "1,000.0")),
    "german amounts": Column(type="number", format=GERMAN, missing_values=("-999,0", "-1")),
    "french amounts": Column(type="number", format=NumberFormat(decimal=",", thousands=" ", symbols=("%", "EUR"))),
    "swiss amounts": Column(type="number", format=NumberFormat(thousands="'", symbols=("CHF", "Fr.", ".–"))),
    "numbers with an odd symbol": Column(type="number", format=NumberFormat(symbols=("e", "-."))),
    "numbers with signs": Column(type="number", format=NumberFormat()),
    "english whole numbers": Column(type="integer", format=ENGLISH, missing_values=("-999",)),
    "german whole numbers": Column(type="integer", format=GERMAN),
    "boolean of other words": Column(type="boolean", values=("nein", "Ja.")),
    "boolean reversed": Column(type="boolean", values=("Yes", "No")),
    "boolean by case": Column(type="boolean", values=("a", "A")),
    "boolean of floats": Column(type="boolean", values=("0.0", "1.0")),
    "category of digits": Column(type="category", values=("0", "1", "2"), missing_values=("-1",)),
    "category of floats": Column(type="category", values=("0.0", "1.0")),
    "date in a US format": Column(type="date", format="%m/%d/%y"),
    "timestamp in a format": Column(type="timestamp", format="%d.%m.%Y %H:%M"),
    "date in seconds": Column(type="date", format="epoch_s", missing_values=("-1",)),
    "timestamp in milliseconds": Column(type="timestamp", format="epoch_ms", missing_values=("0",)),
}
NUMERALS = st.from_regex(r"[ ]?[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?[ ]?", fullmatch=True)
WRITTEN = st.from_regex(
    r"[-+(\u2212]?[$€ ]?-?[0-9]{0,3}([., '\u202f\u00a0\u2019][0-9]{2,3}){0,3}([.,][0-9]{0,3})?"
    r"[ \u00a0]?(%|€|EUR|e|\.–)?[-)]?",
    fullmatch=True,
)
LISTED = [
    *[
        "",
        " ",
        "n/a",
        "-999",
        "-999.0",
        "-1",
        "?",
        "none",
        "-",
        "nan",
        "NaN",
        "-nan",
        "inf",
        "Infinity",
        "0x10",
    ],
    *["1_0", "3.0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400"],
    *["Yes", "yes", "TRUE", "on", "a", " a ", "A", "\u0661", "\u00a01", "1\t"],
    *["2024-02-29", "2023-02-29", " 2024-02-29", "29.02.2024", "31.02.2024", "2024-02-29 12:30:00"],
    *[
        "2024-02-29T12:30Z",
        "2024-02-29T23:30:00-05:00",
        "2024-02-29 12:30:00 UTC",
        "2024-02-29 12:30:00 +01:00",
    ],
    *["2024-02-29 12:30:00.123456789", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"],
    *["1/6/24", "13/13/24", "2/29/23", "12/31/69", "24.02.2026 13:45", "1.2.2026 1:05", "24.02.2026 25:00"],
    *["1706400000", "1706400000.0", "1706400000500", "-1", "-1.0", "0", "1e300", "1e10", "-62135596801"],
    *["1,234.50", "1.234,50 €", "($1,234.50)", "-$5", "$-5", "US$5", "1,23", "12,34,567.00", "0,123"],
    *[
        "1\u202f234,50 EUR",
        "12 %",
        "1'234.50",
        "CHF 1’234",
        "12.–",
        "12-",
        "\u22125",
        "--5",
        "-5-",
        "(-5)",
        "($5",
    ],
    *["$", "-", "()", "1e5e", "-999,0", "-999.00", "1,000", "9.223.372.036.854.775.808", "+9007199254740993"],
    *["9,223,372,036,854,775,807", "12 345", "1 234 €", "+1.5", "NaN", "-Infinity", "$nan"],
    *["True.", "FALSE.", "1.0", "0.00", "1,0", "1.", "0", "1", "y", "N", "ja", "Nein", "JA.", "A", "2.0", "01"],
]
TEXTS = NUMERALS | WRITTEN | st.sampled_from(LISTED) | st.text(max_size=6)
NUMBERS = st.none() | st.floats() | st.integers(-(2**63), 2**63 - 1) | st.booleans()


def by_checks(column: Column, values: pa.Array) -> list[Any] | None:
    """As a table's column is read; None if a value is wrong."""
    batch = pa.RecordBatch.from_arrays([values], names=["x"])
    parsed, faults = parse_batch(batch, {"x": column})
    return None if faults.bad.any() else parsed.column(0).to_pylist()


def by_transform(column: Column, values: Any) -> list[Any] | None:
    try:
        found = reader_of("x", column, ("a", "b"))(values)
    except DataError:
        return None
    if isinstance(found, Text):
        return found.to_list()
    return [None if math.isnan(x) else x for x in found.tolist()]


def comparable(column: Column, values: list[Any] | None) -> list[Any] | None:
    if values is None or column.is_text:
        return values
    if column.is_temporal:
        unit = "D" if column.type == "date" else "us"
        since = [
            None if v is None else (np.datetime64(v, unit) - np.datetime64(0, unit)) / np.timedelta64(1, "D")
            for v in values
        ]
        return [None if x is None else float(x) for x in since]
    return [None if value is None else float(value) for value in values]


@pytest.mark.parametrize("name", COLUMNS)
@given(text=TEXTS)
@example(text="+1")
@example(text="-.5")
@example(text="1e5")
@settings(max_examples=examples(25))
def test_texts(name: str, text: str) -> None:
    check_text(COLUMNS[name], text)


@pytest.mark.parametrize("name", COLUMNS)
def test_listed_texts(name: str) -> None:
    for text in LISTED:
        check_text(COLUMNS[name], text)


def check_text(column: Column, text: str) -> None:
    try:
        values = pa.array([text])
    except UnicodeEncodeError:
        return
    expected = comparable(column, by_checks(column, values))
    assert by_transform(column, [text]) == expected
    assert by_transform(column, values) == expected
    assert by_transform(column, [text.encode()]) == expected
    assert by_transform(column, pa.array([text] * 70)) == (None if expected is None else expected * 70)


@pytest.mark.parametrize(
    "name", [name for name, column in COLUMNS.items() if not column.is_temporal or column.is_epoch]
)
@given(value=NUMBERS, kind=st.sampled_from([pa.float64(), pa.int64(), pa.bool_()]))
@example(value=2.0**53, kind=pa.float64())
@example(value=0.1, kind=pa.float64())
@example(value=1e-7, kind=pa.float64())
@example(value=1.5e22, kind=pa.float64())
@settings(max_examples=examples(25))
def test_typed_values(name: str, value: Any, kind: pa.DataType) -> None:
    column = COLUMNS[name]
    fitting = {pa.float64(): float, pa.int64(): int, pa.bool_(): bool}[kind]
    if value is not None and type(value) is not fitting:
        return
    expected = comparable(column, by_checks(column, pa.array([value], kind)))
    assert by_transform(column, [value]) == expected
    for repeats in (1, 70):
        wanted = None if expected is None else expected * repeats
        assert by_transform(column, pa.array([value] * repeats, kind)) == wanted
        if value is not None:
            assert by_transform(column, np.array([value] * repeats)) == wanted


VALUES = NUMBERS | st.integers() | TEXTS | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
ALIKE = (
    st.lists(st.none() | st.floats() | st.integers(-(2**54), 2**54) | st.integers(), min_size=65, max_size=80),
    st.lists(st.booleans(), min_size=65, max_size=80),
    st.lists(st.none() | st.sampled_from(LISTED), min_size=65, max_size=80),
    st.lists(VALUES, min_size=65, max_size=80),
)


@pytest.mark.parametrize("name", [name for name, column in COLUMNS.items() if not column.is_temporal])
@given(values=st.one_of(ALIKE))
@settings(max_examples=examples(15))
def test_a_long_list_is_read_as_each_of_its_values(name: str, values: list[Any]) -> None:
    column = COLUMNS[name]
    alone = [by_transform(column, [value]) for value in values]
    valid = [value for value, read in zip(values, alone, strict=True) if read is not None]
    assert by_transform(column, valid) == [value for read in alone if read is not None for value in read]
    if len(valid) < len(values):
        first = next(row for row, read in enumerate(alone) if read is None)
        with pytest.raises(DataError) as one:
            reader_of("x", column, ("a", "b"))([values[first]])
        with pytest.raises(DataError) as many:
            reader_of("x", column, ("a", "b"))(values)
        assert str(many.value) == str(one.value).replace("row 1:", f"row {first + 1}:", 1)
