"""A quote that swallows rows is an error; a field of several lines is read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources.address import resolve
from tenure.sources.formats.csv.table import CsvTable

HEADER = ["customer_id", "plan", "months", "charge", "churn"]
ROWS = [[f"C{1000 + n}", ("basic", "plus", "pro")[n % 3], str(n % 60), f"{n * 1.7:.2f}", "Yes"] for n in range(120)]
SMALL_BLOCK = 1_000


def read(path: Path, block_bytes: int) -> tuple[list[list[str]], int]:
    """The rows, and how many are rejected."""
    source = Source(uri=str(path))
    rows: list[list[str]] = []
    rejected = 0
    for batch in CsvTable(resolve(source, Path()), source, block_bytes).batches():
        columns = [column.to_pylist() for column in batch.columns.columns]
        rows += [[value.decode() for value in row] for row in zip(*columns, strict=True)]
        rejected += len(batch.rejected)
    return rows, rejected


def written(rows: list[list[str]], quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> list[str]:
    """The physical lines of a CSV with ``HEADER``."""
    stream = io.StringIO()
    csv.writer(stream, quoting=quoting, lineterminator=end).writerows([HEADER, *rows])  # type: ignore[arg-type]
    return stream.getvalue().splitlines(keepends=True)


@pytest.fixture(params=[SMALL_BLOCK, 8 << 20], ids=["many blocks", "one block"])
def block_bytes(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.mark.parametrize("row", [0, 1, 60, 118, 119])
@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("later", ["nothing", "quoted field", "inches", "another one"])
def test_a_quote_that_is_not_closed_stops_at_its_line(
    tmp_path: Path, row: int, column: int, later: str, block_bytes: int
) -> None:
    rows = [list(each) for each in ROWS]
    rows[row][column] = f'"{rows[row][column]}'
    lines = [",".join(each) + "\n" for each in [HEADER, *rows]]
    following = min(row + 7, 119)
    if following > row and later != "nothing":
        fields = list(ROWS[following])
        fields[1] = {"quoted field": '"pro, 2"', "inches": 'pipe 5"', "another one": '"pro'}[later]
        lines[following + 1] = ",".join(fields) + "\n"
    path = tmp_path / "t.csv"
    path.write_text("".join(lines))
    with pytest.raises(DataError, match=rf"t\.csv, line {row + 2} opens a quote that is") as caught:
        read(path, block_bytes)
    assert "\n" not in str(caught.value)


def test_a_quote_in_the_last_field_of_quoted_rows(tmp_path: Path, block_bytes: int) -> None:
    lines = written(ROWS, csv.QUOTE_ALL)
    lines[50] = lines[50].replace('"Yes"\n', '"Yes\n')
    path = tmp_path / "t.csv"
    path.write_text("".join(lines))
    with pytest.raises(DataError, match="line 51 opens a quote that is closed in the middle of a field, in line 52"):
        read(path, block_bytes)


def test_a_quote_in_quoted_rows_that_swallows_no_row_costs_its_row(tmp_path: Path, block_bytes: int) -> None:
    lines = written(ROWS, csv.QUOTE_ALL)
    lines[50] = lines[50].replace('"plus",', '"plus,')
    path = tmp_path / "t.csv"
    path.write_text("".join(lines))
    rows, rejected = read(path, block_bytes)
    assert (len(rows), rejected) == (119, 1)


def test_quotes_inside_a_field_are_text(tmp_path: Path, block_bytes: int) -> None:
    rows = [[row[0], 'pipe 5"' if n % 3 else 'a "b" c', *row[2:]] for n, row in enumerate(ROWS)]
    path = tmp_path / "t.csv"
    path.write_text("".join(",".join(row) + "\n" for row in [HEADER, *rows]))
    assert read(path, block_bytes) == (rows, 0)


@pytest.mark.parametrize(
    "note",
    [
        "Dear Sir,\nplease call, thanks\nJim",
        "12 High St, Flat 2\nLondon, UK\nSW1A, 1AA",
        'said "no"\n\nand left',
        "a,b,c,d,e\nnothing else\nf",
        "\n",
        "trailing\n",
        "\nleading",
        "one,two,three,four,five",
        "# title\r\n- point, one\r\n- point, two",
        "C1, basic, monthly, high, yes\nas agreed\nby phone",
    ],
)
@pytest.mark.parametrize("column", [1, 4])
def test_a_field_of_several_lines_is_read(tmp_path: Path, note: str, column: int, block_bytes: int) -> None:
    rows = [[*row[:column], note, *row[column + 1 :]] if n % 5 == 0 else row for n, row in enumerate(ROWS)]
    path = tmp_path / "t.csv"
    for end in ("\n", "\r\n"):
        path.write_bytes("".join(written(rows, end=end)).encode())
        assert read(path, block_bytes) == (rows, 0)


@pytest.mark.parametrize("note", ["12 High St\nLondon, UK", "a\nb, c", ",\n,"])
def test_a_field_of_several_lines_where_no_column_is_an_identifier(tmp_path: Path, note: str, block_bytes: int) -> None:
    rows = [["Smith", note if n % 3 else "-", *row[2:]] for n, row in enumerate(ROWS)]
    path = tmp_path / "t.csv"
    path.write_text("".join(written(rows)))
    assert read(path, block_bytes) == (rows, 0)


NOTES = st.text(st.sampled_from('ab 9,;\n\r"'), max_size=30)


@settings(max_examples=examples(100))
@given(notes=st.lists(NOTES, min_size=1, max_size=30), column=st.integers(1, 4), end=st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, notes: list[str], column: int, end: str
) -> None:
    rows = [list(row) for row in ROWS]
    for number, note in enumerate(notes):
        rows[(number * 7) % len(rows)][column] = note
    path = tmp_path_factory.mktemp("quotes") / "t.csv"
    # The csv module leaves a lone CR unquoted if the line end is LF.
    quoting = csv.QUOTE_ALL if any("\r" in note for note in notes) else csv.QUOTE_MINIMAL
    path.write_bytes("".join(written(rows, quoting, end)).encode())
    assert read(path, SMALL_BLOCK) == (rows, 0)


@settings(max_examples=examples(100))
@given(
    row=st.integers(0, 119),
    column=st.integers(0, 4),
    notes=st.lists(st.tuples(st.integers(0, 119), NOTES), max_size=5),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_a_lost_quote_never_loses_rows_in_silence(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: int, notes: list[tuple[int, str]], quoting: int
) -> None:
    """It is an error, or costs rows that are rejected and counted: what is read is as it was written."""
    rows = [list(each) for each in ROWS]
    for number, note in notes:
        rows[number][1] = note
    rows[row] = list(ROWS[row])
    marked = [[*each[:column], "CELL", *each[column + 1 :]] if n == row else each for n, each in enumerate(rows)]
    text = "".join(written(marked, quoting))
    damaged = f'"{ROWS[row][column]}'
    text = text.replace('"CELL"', damaged) if quoting == csv.QUOTE_ALL else text.replace("CELL", damaged)
    path = tmp_path_factory.mktemp("quotes") / "t.csv"
    path.write_bytes(text.encode())
    try:
        found, rejected = read(path, SMALL_BLOCK)
    except DataError as error:
        assert "opens a quote" in str(error)
    else:
        assert len(found) + rejected >= len(rows)
        assert [each for each in found if each not in rows] == []
