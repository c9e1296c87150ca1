"""Parquet files and folders of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources import open_source


def test_columns_in_the_asked_order_with_their_types_and_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.5, 1.5, 2.5]}), path, row_group_size=2)
    source = open_source(Source(uri=str(path)))
    assert source.columns() == ["a", "b", "c"]
    batches = list(source.batches(["c", "a"]))
    assert pa.Table.from_batches([b.columns for b in batches]).to_pydict() == {"c": [0.5, 1.5, 2.5], "a": [1, 2, 3]}
    assert [n for b in batches for n in b.rows.to_pylist()] == [1, 2, 3]
    assert batches[-1].share == 1.0


def test_lists_structs_and_durations(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    days = pa.array([86_400_000, None], pa.duration("ms"))
    pq.write_table(pa.table({"l": [[1, 2], None], "s": [{"a": "é"}, {"a": None}], "d": days}), path)
    (batch,) = open_source(Source(uri=str(path))).batches()
    assert batch.columns.to_pydict() == {
        "l": ["[1, 2]", None],
        "s": ['{"a": "é"}', '{"a": null}'],
        "d": [86_400.0, None],
    }


def test_a_folder_is_one_table_in_the_order_of_names(tmp_path: Path) -> None:
    for part in (1, 0):
        pq.write_table(pa.table({"a": [part * 10, part * 10 + 1]}), tmp_path / f"part-{part}.parquet")
    batches = list(open_source(Source(uri=str(tmp_path))).batches())
    assert [n for b in batches for n in b.columns.column(0).to_pylist()] == [0, 1, 10, 11]
    assert [n for b in batches for n in b.rows.to_pylist()] == [1, 2, 3, 4]


def test_a_folder_whose_files_differ_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": [1]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
    with pytest.raises(DataError, match=r"1\.parquet lacks the column 'b', which .*0\.parquet has"):
        list(open_source(Source(uri=str(tmp_path))).batches())


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"t\.parquet is not a Parquet file, or is damaged"):
        open_source(Source(uri=str(path))).columns()


def test_a_file_damaged_behind_its_footer_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), path, compression="zstd", write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[60:160] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read .*t\.parquet"):
        list(open_source(Source(uri=str(path))).batches())


def test_no_such_file_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_source(Source(uri=str(tmp_path / "t.parquet"))).columns()
    with pytest.raises(DataError, match=r"is a folder without \.parquet or \.pq or \.parq files"):
        open_source(Source(uri=str(tmp_path))).columns()


def test_a_name_that_stands_twice_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", ""]), path)
    source = open_source(Source(uri=str(path)))
    assert source.columns() == ["a", "a_2", "column_3"]
    (batch,) = source.batches(["column_3", "a_2"])
    assert batch.columns.to_pylist() == [{"column_3": 3, "a_2": 2}]
