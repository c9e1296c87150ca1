"""JSON as people export it: nested, with types that change, with damaged lines."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources import RejectedRow, open_source, sniff, sniff_with_notes
from tenure.sources.formats.json import records


def read(path: Path, columns: list[str] | None = None) -> tuple[pa.Table, list[int], list[RejectedRow]]:
    batches = list(open_source(sniff(str(path))).batches(columns))
    table = pa.Table.from_batches([batch.columns for batch in batches])
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    return table, rows, [row for batch in batches for row in batch.rejected]


@pytest.fixture(params=["array", "lines"])
def write(tmp_path: Path, request: pytest.FixtureRequest):
    def write_records(values: list[object]) -> Path:
        path = tmp_path / "t.json"
        text = json.dumps(values) if request.param == "array" else "\n".join(map(json.dumps, values))
        path.write_text(text)
        return path

    return write_records


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([1, 2, None], pa.array([1, 2, None])),
        ([1, 2.5, None], pa.array([1.0, 2.5, None])),
        ([True, False, None], pa.array([True, False, None])),
        (["a", "", None], pa.array(["a", "", None])),
        ([None, None], pa.array([None, None], pa.string())),
        ([1, "n/a", 2.5, True], pa.array(["1", "n/a", "2.5", "true"])),
        ([True, 1], pa.array(["true", "1"])),
        ([2**63 - 1, -(2**63)], pa.array([2**63 - 1, -(2**63)])),
        ([2**63, 1], pa.array(["9223372036854775808", "1"])),
        ([10**30, -(10**19)], pa.array([str(10**30), str(-(10**19))])),
        ([[1, 2], {}], pa.array(["[1, 2]", None])),
        (["\ud800x"], pa.array(["?x"])),
    ],
)
def test_types_of_columns(write, values: list[object], column: pa.Array) -> None:
    path = write([{"id": n, "x": value} for n, value in enumerate(values)])
    table, _, rejected = read(path)
    assert table["x"].combine_chunks() == column
    assert rejected == []


def test_an_integer_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(f'[{{"x": 1{"0" * 9_000}}}]')
    assert read(path)[0]["x"].to_pylist() == ["1" + "0" * 9_000]


def test_objects_in_records_and_missing_keys(write) -> None:
    path = write(
        [
            {"id": 1, "home": {"city": "Bern", "geo": {"point": {"lat": 1}, "near": [{"a": 1}]}}},
            {"home": {"zip": 3000, "geo": {}}, "late": "x"},
            {"id": 3, "home": None},
        ]
    )
    table, rows, _ = read(path)
    assert table.to_pydict() == {
        "id": [1, None, 3],
        "home.city": ["Bern", None, None],
        "home.geo.point.lat": [1, None, None],
        "home.geo.near": ['[{"a": 1}]', None, None],
        "home.zip": [None, 3000, None],
        "late": [None, "x", None],
    }
    assert rows == [1, 2, 3]
    assert read(path, ["late", "id"])[0].column_names == ["late", "id"]


def test_an_object_that_is_deeper_than_the_stack_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    deep = 800
    path.write_text('{"id": 1}\n' + '{"x":' * deep + "7" + "}" * deep + '\n{"id": 2}\n')
    table, rows, rejected = read(path)
    assert [row.row for row in rejected] + rows == [1, 2, 3]
    (name,) = set(table.column_names) - {"id"}
    assert table[name].to_pylist() == [None, 7, None]


def test_a_type_that_changes_late(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.sources.formats.json.table.BATCH_ROWS", 10)
    monkeypatch.setattr(records, "BLOCK_BYTES", 300)
    path = write([{"id": n, "x": n if n < 99 else "n/a"} for n in range(100)])
    table, rows, _ = read(path)
    assert table["x"].to_pylist() == [*map(str, range(99)), "n/a"]
    assert rows == list(range(1, 101))


def test_what_is_noted(write) -> None:
    path = write([{"id": 10**20, "x": 1, "": 1}, {"id": 1, "x": "a"}])
    assert sniff_with_notes(str(path)).notes == (
        "'id' has integers of more than 64 bits: they are read as text",
        "'x' has values of several types: they are read as text",
        "column 3 has no name: it is called 'column_3'",
    )


def test_values_that_are_no_objects_are_rejected(write) -> None:
    path = write([{"id": 1}, 5, {"id": 2}, [1], "x"])
    table, rows, rejected = read(path)
    assert table.to_pydict() == {"id": [1, 2]}
    assert rows == [1, 3]
    assert [(row.row, row.kind) for row in rejected] == [(n, "not a JSON object") for n in (2, 4, 5)]


def test_damaged_lines_are_rejected_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1}\n\n{"id": 2\r\n{"id": 3}\n{"id": 4} x\n' + "[" * 100_000 + "\n{}\n")
    table, rows, rejected = read(path)
    assert table.to_pydict() == {"id": [1, 3, None]}
    assert rows == [1, 3, 6]
    assert [row.row for row in rejected] == [2, 4, 5]
    assert [row.reason.partition(":")[0] for row in rejected] == [f"line {n} is not JSON" for n in (3, 5, 6)]


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_records_across_pieces(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 200 + size)
    values = [{"id": n, "city": "Zürich 😀"[n % 9 :], "n": n * 1.5} for n in range(200)]
    for indent in (None, 1):
        path = tmp_path / "t.json"
        path.write_text(json.dumps(values, indent=indent, ensure_ascii=False), encoding="utf-8")
        assert read(path)[0].to_pylist() == values
        path.write_text("\n".join(json.dumps(v, ensure_ascii=False) for v in values) + "\r\n", encoding="utf-8")
        assert read(path)[0].to_pylist() == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"t\.json is empty"),
        (" \n", r"t\.json is empty"),
        ("[]", r"t\.json holds no JSON objects"),
        ("[1, 2]", r"t\.json holds no JSON objects"),
        ("hello", r"t\.json holds no JSON objects"),
        ('[{"id": 1},\n{"id": 2', r"t\.json, line 2: the file ends inside a record"),
        ('[{"id": 1},\n{"id" 2},\n{"id": 3}' + ', {"id": 4}' * 9 + "]", r"t\.json, line 2: not JSON: Expecting ':'"),
    ],
)
def test_what_is_no_json_table_is_an_error_of_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        list(open_source(Source(uri=str(path))).batches())
    assert "\n" not in str(caught.value)


def test_a_record_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 1 << 20)
    for begin, between in (("[", ","), ("", "\n")):
        path = tmp_path / "t.json"
        path.write_text(begin + between.join(['{"id": 1}', json.dumps({"id": "x" * (3 << 20)}), '{"id": 1}']))
        with pytest.raises(DataError, match=r"t\.json, line \d: the record that begins here is longer than 1 MiB"):
            read(path)
