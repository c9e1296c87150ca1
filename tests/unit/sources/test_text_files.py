"""Encodings found in all of a file, delimiters at the end of lines, and errors that name the line."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources import open_source, sniff, sniff_with_notes
from tenure.sources.address import resolve
from tenure.sources.file_version import local_version

MANY = 300_000


def rows_of(source: Source) -> tuple[list[tuple[str, ...]], list[tuple[int, str]]]:
    rows: list[tuple[str, ...]] = []
    rejected: list[tuple[int, str]] = []
    for batch in open_source(source).batches():
        columns = [[value.decode() for value in column.to_pylist()] for column in batch.columns.columns]
        rows += zip(*columns, strict=True)
        rejected += [(row.row, row.reason) for row in batch.rejected]
    return rows, rejected


@pytest.mark.parametrize(("encoding", "last"), [("cp1252", "5 €"), ("latin-1", "Zürich\x81"), ("utf-8", "Zürich €")])
def test_an_encoding_that_only_the_end_of_a_file_shows(tmp_path: Path, encoding: str, last: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * MANY + f"3,{last}\n".encode(encoding))
    source = sniff(str(path))
    assert source.encoding == encoding
    rows, _ = rows_of(source)
    assert rows[-1] == ("3", last)


def test_characters_that_are_cut_in_two_between_pieces(tmp_path: Path) -> None:
    for shift in range(5):
        path = tmp_path / "t.csv"
        path.write_bytes(b"a,b\n" + b"x" * shift + "é€😀,2\n".encode() * 400_000)
        assert sniff(str(path)).encoding == "utf-8"


def test_one_damaged_row_does_not_make_a_file_western(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + "Zürich,Genève\n".encode() * 50 + b"caf\xe9,2\n")
    assert sniff(str(path)).encoding == "utf-8"


def test_why_an_encoding_is_not_utf_8_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a;b\n1;5 €\n".encode("cp1252"))
    assert sniff_with_notes(str(path)).notes == (
        "the file is not UTF-8: it is read as cp1252, the encoding of Western European programs; if letters are"
        " garbled, set source.encoding (cp1250, cp1251, …)",
    )


def test_bytes_of_neighbouring_values_are_no_character_together(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(("a,b\n" + "Genève,5€\n" * 50).encode("mac-roman"))
    sniffed = sniff_with_notes(str(path))
    assert sniffed.source.encoding == "latin-1"
    assert "may garble letters" in sniffed.notes[0]


def test_a_contract_of_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * MANY + b"3,\x81\n")
    with pytest.raises(DataError, match=rf"is not cp1252: byte 0x81 in line {MANY + 2:,}; set 'source\.encoding'"):
        rows_of(Source(uri=str(path), encoding="cp1252"))


@pytest.mark.parametrize(
    ("text", "columns", "rows", "note"),
    [
        ("a,b,\n1,2\n3,4\n", ["a", "b"], 2, "the header ends with a delimiter, and no row has a value after it"),
        ("a,b,,\n1,2,,\n3,4,,\n", ["a", "b"], 2, "the header ends with a delimiter, and no row has a value after it"),
        ("a,b\n1,2,\n3,4,\n", ["a", "b"], 2, "rows end with a delimiter, and have no value after it"),
        ("a,b\n1,2,\n3,4\n5,6, \n", ["a", "b"], 3, None),
        ("a,b\n1,2\n3,4,\n5,6\n", ["a", "b"], 3, None),
        ("a,b,\n1,2,x\n3,4,\n", ["a", "b", "column_3"], 2, "column 3 has no name: it is called 'column_3'"),
        (",a\n0,1\n1,2\n", ["column_1", "a"], 2, "column 1 has no name: it is called 'column_1'"),
    ],
)
def test_delimiters_at_the_end_of_lines(
    tmp_path: Path, text: str, columns: list[str], rows: int, note: str | None
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    found = sniff_with_notes(str(path))
    assert open_source(found.source).columns() == columns
    read, rejected = rows_of(found.source)
    assert (len(read), rejected) == (rows, [])
    assert note is None or note in found.notes


def test_names_of_rows_without_a_field_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a","b"\n' + "".join(f'"{n}",{n},x\n' for n in range(1, 20)))
    found = sniff_with_notes(str(path))
    assert found.notes == ("column 1 has no name: it is called 'column_1'",)
    assert open_source(found.source).columns() == ["column_1", "a", "b"]
    assert rows_of(found.source) == ([(str(n), str(n), "x") for n in range(1, 20)], [])


@pytest.mark.parametrize("block", [200, 8 << 20])
def test_delimiters_at_the_end_of_some_lines_keep_the_order(tmp_path: Path, block: int) -> None:
    from tenure.sources.address import resolve
    from tenure.sources.formats.csv.table import CsvTable

    ends = random.Random(1)
    lines = [f"{n},x{',' * ends.randint(0, 2)}" if n % 50 else f"{n},x,,y" for n in range(1, 1_001)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b", *lines]))
    source = Source(uri=str(path))
    seen = []
    for batch in CsvTable(resolve(source, Path()), source, block).batches():
        assert [int(value) for value in batch.columns.column(0).to_pylist()] == batch.rows.to_pylist()
        assert {row.reason for row in batch.rejected} <= {"4 fields where the header has 2"}
        seen += sorted([*batch.rows.to_pylist(), *(row.row for row in batch.rejected)])
    assert seen == list(range(1, 1_001))


def test_a_value_after_the_last_name_rejects_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2,\n" * 60 + "3,4,x\n5,6,\n")
    rows, rejected = rows_of(sniff(str(path)))
    assert len(rows) == 61
    assert rejected == [(61, "3 fields where the header has 2")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"t\.csv is empty"),
        (b"\xef\xbb\xbf", r"t\.csv is empty"),
        (b"\n \n", "has no header"),
        (b",,\n1,2,3\n", "has no header"),
        (b'a,"b\n1,2\n', "line 1: the header opens a quote that is never closed"),
        (b"a\0b,c\n1,2\n", "NUL bytes; see 'source.encoding'"),
        (b"%PDF-1.4 ...", "is a PDF, not a CSV"),
        (
            b"a.csv" + b"\0" * 252 + b"ustar\x0000",
            "is a tar archive, not a CSV: unpack it, or pack it",
        ),
        (b"ARROW1\0\0", "is an Arrow or Feather file, not a CSV: save it as Parquet"),
        (b"PK\x05\x06" + b"\0" * 18, "is an empty ZIP archive, not a CSV"),
        (b"\xfd7zXZ\0\0", "is a file compressed by xz, not a CSV: unpack it"),
        (b"\x80\x04\x95\0", "is a Python pickle, not a CSV: save it as CSV or Parquet"),
        (b"\n<!DOCTYPE html><p>Log in</p>", "is an HTML or XML page, not a CSV"),
    ],
)
def test_what_is_no_table_is_an_error_of_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        rows_of(sniff(str(path)))
    assert "\n" not in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_a_delimiter_of_several_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a§b\n1§2\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"'source\.delimiter' must be an ASCII character, not '§'"):
        open_source(Source(uri=str(path), delimiter="§")).columns()


def test_nul_bytes_in_a_value_are_left_to_its_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,x\0y\n")
    assert rows_of(sniff(str(path)))[0] == [("1", "x\0y")]


@pytest.mark.parametrize("kind", ["endless", "pipe"])
def test_a_device_or_a_pipe_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    if kind == "endless":
        path = Path("/dev/zero")
    else:
        os.mkfifo(path := tmp_path / "table.csv")
    source = Source(uri=str(path))
    with pytest.raises(DataError, match="is a device or a pipe: save the table in a file"):
        sniff(str(path))
    with pytest.raises(DataError, match="is a device or a pipe: save the table in a file"):
        open_source(source).columns()
    assert local_version(resolve(source, tmp_path)) == local_version(resolve(source, tmp_path))
