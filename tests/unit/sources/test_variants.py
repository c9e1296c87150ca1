"""One table, written in every way that is recognised, is read as the same table."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbooks import write_workbook

from tenure.contract.settings import Source
from tenure.sources import RejectedRow, open_source, sniff, sniff_with_notes

NAMES = ["customer_id", "plan", "months", "charge", "city", "churn"]
ROWS = [
    [f"C{100 + n}", ("basic", "plus", "pro")[n % 3], n % 60, n * 1.5 + 0.25, ("Zürich", "Genève", "Bern")[n % 3], "Yes"]
    for n in range(40)
]
TEXTS = [[str(value) for value in row] for row in ROWS]


def read_texts(source: Source) -> tuple[list[str], list[list[str | None]], list[RejectedRow]]:
    """Column names, rows of texts, rejected rows; checks that the row numbers have no gap."""
    table = open_source(source)
    names, rows, rejected, numbers = table.columns(), [], [], []
    for batch in table.batches():
        assert batch.columns.schema.names == names
        columns = [
            [v.decode() if isinstance(v, bytes) else None if v is None else str(v) for v in column.to_pylist()]
            for column in batch.columns.columns
        ]
        rows += [list(row) for row in zip(*columns, strict=True)]
        rejected += batch.rejected
        numbers += [*batch.rows.to_pylist(), *(row.row for row in batch.rejected)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    return names, rows, rejected


def assert_base(path: Path) -> Source:
    source = sniff(str(path))
    assert read_texts(source) == (NAMES, TEXTS, [])
    return source


def csv_text(
    delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL, rows: list[list[str]] = TEXTS
) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([NAMES, *rows])
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(tmp_path: Path, delimiter: str, encoding: str, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(csv_text(delimiter, end).encode(encoding))
    assert assert_base(path).delimiter == delimiter


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.dat", "table", "t.xls", "t.json.csv"])
def test_quoting_and_names_of_files(tmp_path: Path, quoting: int, name: str) -> None:
    path = tmp_path / name
    path.write_text(csv_text(";", quoting=quoting), encoding="utf-8")
    assert_base(path)


def test_mixed_line_ends(tmp_path: Path) -> None:
    ends = itertools.cycle(["\n", "\r\n", "\r", "\n\n"])
    path = tmp_path / "t.csv"
    path.write_bytes("".join(line + next(ends) for line in csv_text().splitlines()).encode())
    assert_base(path)


def test_a_decimal_comma_is_no_delimiter(tmp_path: Path) -> None:
    rows = [[*row[:2], f"{row[2]},5", row[3].replace(".", ","), *row[4:]] for row in TEXTS]
    path = tmp_path / "t.csv"
    for trailing in ("", ";"):
        lines = [";".join(NAMES), *(";".join(row) + trailing for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        source = sniff(str(path))
        assert source.delimiter == ";"
        assert read_texts(source) == (NAMES, rows, [])


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("__MACOSX/._inside.csv", b"\0\5\x16\7junk")
        archive.writestr("inside.csv", content)
    return stream.getvalue()


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
    ".zip": zipped,
}


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("named", [True, False])
def test_compressed_files_by_their_content(tmp_path: Path, suffix: str, named: bool) -> None:
    path = tmp_path / (f"t.csv{suffix}" if named else "t.csv")
    path.write_bytes(COMPRESSIONS[suffix](csv_text("|").encode("utf-16")))
    assert assert_base(path).delimiter == "|"


def test_a_suffix_of_a_compression_that_the_file_has_not(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_text(csv_text(), encoding="utf-8")
    assert_base(path)


RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        json.dumps(RECORDS, indent=2, ensure_ascii=False).replace("\n", "\r\n"),
        json.dumps({"data": RECORDS, "count": 40}),
        json.dumps({"items": RECORDS}, indent=4),
        json.dumps({"status": "ok", "page": {"count": 40, "rows": RECORDS}}, indent=1),
        json.dumps({name: [record[name] for record in RECORDS] for name in NAMES}),
        json.dumps({name: {str(row): record[name] for row, record in enumerate(RECORDS)} for name in NAMES}),
        json.dumps({"columns": NAMES, "index": list(range(40)), "data": ROWS}),
        "\n".join(map(json.dumps, RECORDS)),
        "\r\n".join(map(json.dumps, RECORDS)) + "\r\n\r\n",
        "\n".join(json.dumps(record, indent=1) for record in RECORDS),
    ],
    ids=[
        "array",
        "indented",
        "crlf",
        "in an object",
        "in an object, indented",
        "deep in an object",
        "columns of arrays",
        "columns of objects",
        "names and rows",
        "lines",
        "lines crlf",
        "indented lines",
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.ndjson", "t.txt", "t.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json(tmp_path: Path, content: str, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    assert_base(path)
    path.write_bytes(gzip.compress(content.encode(encoding)))
    assert_base(path)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t"])
def test_parquet(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.Table.from_pylist(RECORDS), tmp_path / name)
    assert_base(tmp_path / name)


@pytest.mark.parametrize("name", ["t.xlsx", "t.xls", "t.csv", "t"])
@pytest.mark.parametrize("above", [0, 2])
@pytest.mark.parametrize("left", [0, 1])
def test_a_workbook(tmp_path: Path, name: str, above: int, left: int) -> None:
    path = tmp_path / name
    rows = [[None] * left + row for row in [NAMES, *ROWS, []]]
    write_workbook(path, {"Blank": [], "Data": [[None]] * above + rows})
    assert_base(path)


PARTS = [TEXTS[:15], TEXTS[15:16], TEXTS[16:]]


def write_part(path: Path, rows: list[list[str]], order: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names, kept = [NAMES[place] for place in order], [[row[place] for place in order] for row in rows]
    if path.suffix == ".csv":
        path.write_text("\n".join(";".join(row) for row in [names, *kept]), encoding="utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in kept), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in kept]), path)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("archive", [False, True])
def test_a_folder_of_parts_with_columns_in_another_order(tmp_path: Path, suffix: str, archive: bool) -> None:
    folder = tmp_path / "customers"
    for number, rows in enumerate(PARTS):
        write_part(folder / f"part-{number}{suffix}", rows, [5, 4, 3, 2, 1, 0] if number == 2 else [0, 1, 2, 3, 4, 5])
    (folder / "_SUCCESS").touch()
    (folder / ".hidden.csv").write_text("x\n")
    (folder / "README.md").write_text("about")
    if archive:
        with zipfile.ZipFile(tmp_path / "customers.zip", "w") as written:
            for file in sorted(folder.iterdir(), reverse=True):
                written.write(file, file.name)
        folder = tmp_path / "customers.zip"
    assert_base(folder)
    assert "3 files are read as one table" in sniff_with_notes(str(folder)).notes[0]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_hive_partitions_are_a_column(tmp_path: Path, suffix: str) -> None:
    months = ("2026-01", "2026-02", "2026%2F03")
    for month, rows in zip(months, PARTS, strict=True):
        write_part(tmp_path / f"month={month}" / f"part-0{suffix}", rows, [0, 1, 2, 3, 4, 5])
    names, rows, rejected = read_texts(sniff(str(tmp_path)))
    assert names == [*NAMES, "month"]
    assert rejected == []
    expected = [[*row, month] for month, part in zip(months, PARTS, strict=True) for row in part]
    assert rows == [[*row[:-1], row[-1].replace("%2F", "/")] for row in sorted(expected, key=lambda row: row[-1])]


def test_types_of_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "day", "n"], ["a", date(2026, 1, 31), 3], ["b", None, None]]
    path = write_workbook(tmp_path / "t.xlsx", {"T": rows})
    (batch,) = open_source(Source(uri=str(path))).batches()
    assert batch.columns.schema == pa.schema({"id": pa.string(), "day": pa.date32(), "n": pa.int64()})
