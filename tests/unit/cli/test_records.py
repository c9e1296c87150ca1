"""Records of `tenure predict`: read as the sources read tables."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.local.records import batches, read_records
from tenure.errors import DataError, InputError


def records(path: Path, content: bytes) -> list[dict]:
    path.write_bytes(content)
    return list(read_records([str(path)]))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,x\n", [{"a": "1", "b": "x"}]),
        (b'a;b\n1;" x,\n y"\n\n2; \n', [{"a": "1", "b": " x,\n y"}, {"a": "2", "b": None}]),
        (b"\xef\xbb\xbfa\tb\r\n1\t\xc3\xa9\r\n", [{"a": "1", "b": "é"}]),
        (b"a,b\n1,\xe9\n", [{"a": "1", "b": "é"}]),
        (b"a , b\n1,x\n", [{"a": "1", "b": "x"}]),
        (b'\xef\xbb\xbf \n{"a": 1, "b": null}', [{"a": 1, "b": None}]),
        (b'{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": {"b": {"c": 1}}, "d": [1, 2]}', [{"a.b.c": 1, "d": "[1, 2]"}]),
        (b'[{"a": 1, "b": "x"}, {"a": 2.5}]', [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": None}]),
        ('{"a ": "é"}'.encode("utf-16"), [{"a": "é"}]),
        (b"a,b\n", []),
    ],
)
def test_what_a_file_holds(tmp_path: Path, content: bytes, expected: list[dict]) -> None:
    assert records(tmp_path / "rows.csv", content) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n1,2,3\n", r"rows\.csv, row 2: 3 fields where the header has 2"),
        (b'a,b\n1,"2\n', "opens a quote that is never closed"),
        (b"", "is empty"),
        (b'{"a": 1}\n{"a": \n', r"rows\.csv, row 2: line 2 is not JSON"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        records(tmp_path / "rows.csv", content)


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, None], "b": ["x", " "]}), tmp_path / "rows.parquet")
    assert list(read_records([str(tmp_path / "rows.parquet")])) == [{"a": 1, "b": "x"}, {"a": None, "b": None}]


def test_standard_input_is_named_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1\n")))
    with pytest.raises(DataError, match=r"^standard input, row 1: 1 field where"):
        list(read_records(["-"]))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is neither a file nor column=value"):
        list(read_records([str(tmp_path / "none.csv")]))


def test_batches_hold_at_most_as_many_records() -> None:
    assert [len(batch) for batch in batches(iter([{}] * 5), 2)] == [2, 2, 1]
