"""Files that are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.atomic import write_text
from tenure.errors import StorageError
from tenure.sources import TableSink
from tenure.sources.sink import ROW_GROUP_ROWS

SCHEMA = pa.schema([pa.field("a", pa.int64())])


def batch(rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(range(rows), pa.int64())], schema=SCHEMA)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_small_batches_become_large_row_groups(tmp_path: Path) -> None:
    with TableSink(tmp_path / "sub" / "t.parquet", SCHEMA) as sink:
        for _ in range(30):
            sink.write(batch(10_000))
    found = pq.ParquetFile(tmp_path / "sub" / "t.parquet").metadata
    assert found.num_rows == sink.rows == 300_000
    assert found.num_row_groups == 3
    assert found.row_group(0).num_rows >= ROW_GROUP_ROWS


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    with TableSink(tmp_path / "t.parquet", SCHEMA):
        pass
    assert pq.read_table(tmp_path / "t.parquet").schema == SCHEMA


def test_after_an_error_the_old_file_stands_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with TableSink(path, SCHEMA) as sink:
        sink.write(batch(3))
    with pytest.raises(KeyError), TableSink(path, SCHEMA) as sink:
        sink.write(batch(5))
        raise KeyError
    assert names_in(tmp_path) == ["t.parquet"]
    assert pq.read_metadata(path).num_rows == 3


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*file/t\.parquet: (Not a directory|File exists)"):
        TableSink(tmp_path / "file" / "t.parquet", SCHEMA)
    with pytest.raises(StorageError, match=r"Not a directory|File exists"):
        write_text(tmp_path / "file" / "t.json", "{}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    noise = pa.RecordBatch.from_arrays([pa.array([os.urandom(64) for _ in range(ROW_GROUP_ROWS)])], names=["a"])
    with (
        pytest.raises(StorageError, match=r"cannot write .*t\.parquet: No space left on device"),
        TableSink(small_disk / "t.parquet", noise.schema) as sink,
    ):
        for _ in range(3):
            sink.write(noise)
    assert names_in(small_disk) == []
    with pytest.raises(StorageError, match="No space left on device"):
        write_text(small_disk / "t.txt", "x" * 1_000_000)
    assert names_in(small_disk) == []


def test_a_refused_write_without_a_small_disk(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands in for a full disk where nothing can be mounted."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "from pathlib import Path\n"
        "from tenure.atomic import write_text\n"
        "from tenure.errors import StorageError\n"
        "try: write_text(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except StorageError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t.txt")], capture_output=True, text=True, timeout=60, check=True
    )
    assert "File too large" in done.stdout
    assert names_in(tmp_path) == []
