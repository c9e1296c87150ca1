"""Column names are unique and not empty, in every reader."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from workbooks import write_workbook

from tenure.contract.settings import Source
from tenure.sources import open_source, sniff_with_notes
from tenure.sources.names import name_notes, unique_names


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["months", "months", "months"], ["months", "months_2", "months_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a_3"]),
        (["a", " a", "a "], ["a", "a_2", "a_3"]),
        (["", "b", ""], ["column_1", "b", "column_3"]),
        (["column_2", ""], ["column_2", "column_2_2"]),
        (["", "column_1"], ["column_1_2", "column_1"]),
        (["Monthly\ncharge", "\ufeffid"], ["Monthly charge", "id"]),
    ],
)
def test_unique_names(header: list[str], names: list[str]) -> None:
    assert unique_names(header) == names


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "", " ", "column_1", "column_2", "A"]), max_size=8))
def test_names_are_unique_and_stable(header: list[str]) -> None:
    names = unique_names(header)
    assert len(set(names)) == len(header)
    assert all(names)
    assert unique_names(names) == names
    assert len(name_notes(header)) == sum(name != plain.strip() for name, plain in zip(names, header, strict=True))


HEADER = ["", "months", " months", "churn"]
NAMES = ["column_1", "months", "months_2", "churn"]
ROWS = [["0", "3", "4", "Yes"], ["1", "5", "6", "No"]]
NOTES = (
    "column 1 has no name: it is called 'column_1'",
    "column 3 repeats the name 'months': it is called 'months_2'",
)


def write_csv(path: Path) -> None:
    path.write_text("\n".join(",".join(row) for row in [HEADER, *ROWS]))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(column) for column in zip(*ROWS, strict=True)], names=HEADER), path)


def write_xlsx(path: Path) -> None:
    write_workbook(path, {"T": [HEADER, *ROWS]})


@pytest.mark.parametrize(
    ("name", "write"), [("t.csv", write_csv), ("t.parquet", write_parquet), ("t.xlsx", write_xlsx)]
)
def test_in_files(tmp_path: Path, name: str, write) -> None:
    path = tmp_path / name
    write(path)
    found = sniff_with_notes(str(path))
    assert found.notes == NOTES
    source = open_source(found.source)
    assert source.columns() == NAMES
    wanted = ["churn", "months_2", "column_1"]
    table = pa.Table.from_batches([batch.columns for batch in source.batches(wanted)])
    assert table.column_names == wanted
    assert [column.cast(pa.string()).to_pylist() for column in table.columns] == [["Yes", "No"], ["4", "6"], ["0", "1"]]


def test_in_memory() -> None:
    table = pa.Table.from_arrays([pa.array([n]) for n in range(4)], names=HEADER)
    (batch,) = open_source(table).batches()
    assert batch.columns.to_pylist() == [dict(zip(NAMES, range(4), strict=True))]


def test_in_json(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"": 1, "a": 2, " a": 3}]))
    assert open_source(Source(uri=str(path))).columns() == ["column_1", "a", "a_2"]
