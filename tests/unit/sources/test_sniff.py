"""How a table is written, told from its first lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbooks import write_workbook

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources import open_source, sniff, sniff_other


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


def test_another_table_is_read_as_it_is_written(tmp_path: Path) -> None:
    of_contract = Source(uri="a.csv", delimiter=";", encoding="cp1252", skip_rows=2, skip_rows_at_end=1, timeout_s=5)
    (tmp_path / "t.csv").write_text("a,b\n1,é\n", encoding="utf-8")
    assert sniff_other(of_contract, "t.csv", tmp_path) == Source(uri="t.csv", timeout_s=5)
    (tmp_path / "t.csv").write_text("a^b\n1^2\n", encoding="utf-8")
    assert sniff_other(Source(uri="a.csv", delimiter="^"), "t.csv", tmp_path).delimiter == "^"
    write_workbook(tmp_path / "t.csv", {"Other": [["a"], ["1"]], "Mine": [["b"], ["1"]]})
    other = sniff_other(Source(uri="a.xlsx", sheet="Mine"), "t.csv", tmp_path)
    assert (other.format, open_source(other, tmp_path).columns()) == ("xlsx", ["b"])
