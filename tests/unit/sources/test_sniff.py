"""How a table is written, told from its first lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.errors import DataError
from tenure.sources import open_source, sniff


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f'a{delimiter}"b,;|\t"\n1{delimiter}é\n'.encode(encoding))
    source = sniff(str(path))
    assert (source.delimiter, source.encoding) == (delimiter, encoding)
    (batch,) = open_source(source).batches()
    assert batch.columns.column(1).to_pylist() == ["é".encode()]


def test_others_are_left_alone(tmp_path: Path) -> None:
    assert sniff("t.parquet", tmp_path).delimiter == ","
    with pytest.raises(DataError, match="no such file"):
        sniff("t.csv", tmp_path)
