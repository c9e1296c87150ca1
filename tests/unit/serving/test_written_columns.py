"""Columns with a format: how the server describes them, and what it logs of them."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from serving.http.openapi.columns import allowed
from serving.http.openapi.schemas import _value
from serving.inference.model import _datatype
from serving.observation.prediction_log.rows import _reader
from tenure.contract import Column
from tenure.contract.columns import NumberFormat
from tenure.parsing import parse_batch

SECONDS = Column(type="timestamp", format="epoch_s")
AMOUNT = Column(type="number", range=(0, None), format=NumberFormat(decimal=",", thousands=".", symbols=("€",)))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (SECONDS, "seconds since 1970-01-01 in UTC"),
        (Column(type="date", format="epoch_ms"), "milliseconds since 1970-01-01 in UTC"),
        (Column(type="timestamp", format="epoch_us"), "microseconds since 1970-01-01 in UTC"),
        (Column(type="date", format="%d.%m.%Y"), "as %d.%m.%Y"),
        (Column(type="date"), ""),
        (AMOUNT, "0 to …; a number, or a text such as 1.234,50 €"),
        (Column(type="category", values=("a", "b")), "a, b"),
    ],
)
def test_what_a_column_allows(column: Column, text: str) -> None:
    assert allowed(column) == text


def test_an_epoch_is_a_number() -> None:
    assert _value(SECONDS) == {"type": ["number", "null"]}
    assert _datatype(SECONDS) == "FP64"
    assert _datatype(Column(type="timestamp")) == "BYTES"


@pytest.mark.parametrize("sent", [1706400000, 1706400000.0, "1706400000", b" 1706400000.0"])
def test_a_logged_epoch_is_read_again(sent: object) -> None:
    logged = _reader(SECONDS)(sent)
    batch = pa.RecordBatch.from_arrays([pa.array([logged])], names=["x"])
    parsed, faults = parse_batch(batch, {"x": SECONDS})
    assert not faults.bad.any()
    assert parsed.column(0).to_pylist() == [datetime.fromisoformat("2024-01-28")]


@pytest.mark.parametrize("sent", [1234.5, "1.234,50 €", b"1234,5"])
def test_a_number_in_a_format_is_logged_as_a_number(sent: object) -> None:
    logged = _reader(AMOUNT)(sent)
    assert logged == 1234.5
    parsed, _ = parse_batch(pa.RecordBatch.from_arrays([pa.array([logged])], names=["x"]), {"x": AMOUNT})
    assert parsed.column(0).to_pylist() == [1234.5]
