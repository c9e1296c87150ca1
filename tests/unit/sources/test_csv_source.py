"""CSV as it comes: clean, dirty, not a CSV at all."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources import RejectedRow, open_source
from tenure.sources.address import resolve
from tenure.sources.formats.csv.table import CsvTable


def read(path: Path, **settings: str) -> tuple[dict[int, tuple[bytes, ...]], list[RejectedRow]]:
    """Rows by their number, and what was rejected."""
    rows: dict[int, tuple[bytes, ...]] = {}
    rejected: list[RejectedRow] = []
    for batch in open_source(Source(uri=str(path), **settings)).batches():
        values = [column.to_pylist() for column in batch.columns.columns]
        rows.update(zip(batch.rows.to_pylist(), zip(*values, strict=True), strict=True))
        rejected += batch.rejected
    return rows, rejected


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def test_every_column_comes_as_it_stands(table: Path) -> None:
    table.write_bytes(b'id,name\r\n1," x "\r\n2,"say ""hi"", then\nleave"\r\n')
    rows, rejected = read(table)
    assert rows == {1: (b"1", b" x "), 2: (b"2", b'say "hi", then\nleave')}
    assert rejected == []


def test_rows_with_a_wrong_number_of_fields_are_rejected_and_the_others_keep_their_numbers(table: Path) -> None:
    table.write_text("a,b\n1,2\n3\n\n4,5\n6,7,8\n9,10\n")
    rows, rejected = read(table)
    assert rows == {1: (b"1", b"2"), 3: (b"4", b"5"), 5: (b"9", b"10")}
    assert [(row.row, row.text) for row in rejected] == [(2, "3"), (4, "6,7,8")]
    assert rejected[0].reason == "1 field where the header has 2"
    assert {row.kind for row in rejected} == {"wrong number of fields"}


def test_row_numbers_hold_across_blocks(table: Path) -> None:
    lines = [f"{n},x" if n % 97 else f"{n}" for n in range(1, 5_001)]
    table.write_text("a,b\n" + "\n".join(lines) + "\n")
    source = CsvTable(resolve(Source(uri=str(table)), Path()), Source(uri=str(table)), block_bytes=1_000)
    numbers, rejected, batches = [], [], 0
    for batch in source.batches():
        batches += 1
        assert [int(value) for value in batch.columns.column(0).to_pylist()] == batch.rows.to_pylist()
        numbers += batch.rows.to_pylist()
        rejected += [row.row for row in batch.rejected]
    assert batches > 10
    assert rejected == list(range(97, 5_001, 97))
    assert sorted(numbers + rejected) == list(range(1, 5_001))


def test_a_row_with_a_hundred_thousand_fields_costs_itself_alone(table: Path) -> None:
    table.write_text("a,b\n1,2\n" + ",".join(["9"] * 100_000) + "\n3,4\n")
    rows, rejected = read(table)
    assert rows == {1: (b"1", b"2"), 3: (b"3", b"4")}
    assert rejected[0].reason == "100,000 fields where the header has 2"
    assert rejected[0].text.endswith("… (199,999 characters)")
    assert len(rejected[0].text) < 11_000


def test_only_rejected_rows_are_given_too(table: Path) -> None:
    table.write_text("a,b\n1\n2\n")
    rows, rejected = read(table)
    assert rows == {}
    assert [row.row for row in rejected] == [1, 2]


def test_a_header_without_rows_gives_no_batch(table: Path) -> None:
    table.write_text("a,b\n")
    assert read(table) == ({}, [])
    table.write_text("a,b")
    assert read(table) == ({}, [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no header"),
        (b"a;b\n1;2\n", "is delimited by a semicolon, not by a comma: set 'source.delimiter: \";\"'"),
        (b"a\tb\n1\t2\n", "is delimited by a tab, not by a comma: set 'source.delimiter: \"\\t\"'"),
        (b"PK\x03\x04rest", "is a damaged ZIP archive"),
        (b"PAR1rest", "is not a Parquet file, or is damaged"),
        (b"%PDF-1.7", "is a PDF, not a CSV"),
        (
            b"SQLite format 3\0rest",
            "is an SQLite database, not a CSV: give its address as sqlite:///PATH",
        ),
        (b"<html><table><tr>", "is an HTML or XML page, not a CSV"),
        ("a,b\n1,2\n".encode("utf-16"), "NUL bytes; see 'source.encoding'"),
    ],
)
def test_what_is_no_csv_of_this_kind_is_said(table: Path, content: bytes, message: str) -> None:
    table.write_bytes(content)
    with pytest.raises(DataError, match=r"table\.csv") as caught:
        read(table)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_quote_that_never_closes_stops(table: Path) -> None:
    table.write_text('a,b\n1,2\n3,"4\n' + "5,6\n" * 50)
    with pytest.raises(DataError, match="line 3 opens a quote that is never closed"):
        read(table)


def test_a_row_longer_than_a_block_stops(table: Path) -> None:
    table.write_text("a,b\n1,2\n" + "x" * 50_000 + ",3\n")
    source = CsvTable(resolve(Source(uri=str(table)), Path()), Source(uri=str(table)), block_bytes=10_000)
    with pytest.raises(DataError, match="is longer than"):
        list(source.batches())


def test_a_header_with_blanks_around_its_names(table: Path) -> None:
    table.write_text("a , b\n1,2\n")
    source = open_source(Source(uri=str(table)))
    assert source.columns() == ["a", "b"]
    (batch,) = source.batches(["b"])
    assert batch.columns.to_pydict() == {"b": [b"2"]}


def test_a_byte_order_mark_is_no_part_of_the_first_name(table: Path) -> None:
    table.write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert open_source(Source(uri=str(table))).columns() == ["a", "b"]
    assert read(table)[0] == {1: (b"1", b"2")}


def test_bytes_that_are_no_text_are_left_to_whoever_parses(table: Path) -> None:
    table.write_bytes(b"a,b\n1,caf\xe9\x00\n")
    assert read(table)[0] == {1: (b"1", b"caf\xe9\x00")}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings(table: Path, encoding: str) -> None:
    table.write_bytes("a,b\n1,café\n".encode(encoding))
    assert read(table, encoding=encoding)[0] == {1: (b"1", "café".encode())}


def test_an_encoding_that_does_not_fit_or_does_not_exist(table: Path) -> None:
    table.write_bytes("a,b\n1,café\n".encode("latin-1"))
    with pytest.raises(DataError, match="is not ascii"):
        read(table, encoding="ascii")
    with pytest.raises(ContractError, match="there is no encoding 'klingon'"):
        read(table, encoding="klingon")


def test_a_bad_byte_far_behind_the_header_is_told(table: Path) -> None:
    table.write_bytes(b"a,b\n" + b"1,2\n" * 400_000 + b"1,caf\xe9\n")
    with pytest.raises(DataError, match=r"is not ascii: byte 0xe9 in line 400,002; set 'source\.encoding'"):
        read(table, encoding="ascii")


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed(tmp_path: Path, suffix: str, compress) -> None:
    path = tmp_path / f"table.csv{suffix}"
    path.write_bytes(compress(b"a,b\n1,2\n"))
    assert read(path)[0] == {1: (b"1", b"2")}


def test_compressed_and_damaged(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:40])
    with pytest.raises(DataError, match=r"table\.csv\.gz"):
        read(path)


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file: .*nothing\.csv"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match=r"is a folder without \.csv or \.tsv or \.txt files"):
        read(tmp_path, format="csv")


def test_how_much_is_read(table: Path) -> None:
    table.write_text("a,b\n" + "1,2\n" * 10_000)
    source = CsvTable(resolve(Source(uri=str(table)), Path()), Source(uri=str(table)), block_bytes=1_000)
    shares = [batch.share for batch in source.batches()]
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < 0.9
    assert shares[-1] == 1.0
