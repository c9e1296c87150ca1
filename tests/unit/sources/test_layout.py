"""Titles above the column names, descriptions under them, totals at the end: found where they are, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbooks import write_workbook

from tenure.contract.settings import Source
from tenure.errors import ContractError
from tenure.sources import open_source, sniff_with_notes

HEADER = "customer_id,plan,months,charge,calls,churn"
ROWS = [f"C{100 + n},{('basic', 'plus', 'pro')[n % 3]},{n % 60},{n * 1.5 + 0.25},{n % 7},Yes" for n in range(60)]
SETTINGS = ("skip_rows", "skip_rows_after_header", "skip_rows_at_end")


def sniffed(path: Path) -> tuple[tuple[int, ...], int, tuple[str, ...]]:
    """The rows to skip, the rows that are read, the notes."""
    found = sniff_with_notes(str(path))
    table = open_source(found.source)
    assert table.columns() == HEADER.split(",")
    batches = list(table.batches())
    assert [row for batch in batches for row in batch.rejected] == []
    skipped = tuple(getattr(found.source, name) for name in SETTINGS)
    return skipped, sum(batch.columns.num_rows for batch in batches), found.notes


def written(tmp_path: Path, lines: list[str], delimiter: str, workbook: bool) -> Path:
    if workbook:
        rows: list[list[object]] = [[_cell(cell) for cell in line.split(",")] for line in lines]
        return write_workbook(tmp_path / "t.xlsx", {"T": rows})
    path = tmp_path / "t.csv"
    path.write_text("\n".join(line.replace(",", delimiter) for line in lines) + "\n", encoding="utf-8")
    return path


def _cell(cell: str) -> object:
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


@pytest.fixture(
    params=[(",", False), (";", False), ("\t", False), (",", True)], ids=["comma", "semicolon", "tab", "xlsx"]
)
def write(tmp_path: Path, request: pytest.FixtureRequest):
    delimiter, workbook = request.param
    return lambda lines: written(tmp_path, lines, delimiter, workbook)


@pytest.mark.parametrize("rows", [5, 60])
@pytest.mark.parametrize(
    "titles",
    [
        ["Customer export 2026-11-30,,,,,"],
        ["Customer export"],
        ["Customer export", ""],
        ["", "Customer export", "", ""],
        ["Report:,Customers,,,,", "Date:,2026-11-30,,,,"],
        ["# exported by CRM"] * 8,
        ["Export,", "All plans,", ""],
        ["Customer,,,Billing,,"],
        ["Customer export,,,,,", ",,,,,"],
        [",,Customer export,,,"],
        ["Customer,,Contract,Contract,Service,Label"],
    ],
)
def test_titles(write, titles: list[str], rows: int) -> None:
    skipped, found, notes = sniffed(write([*titles, HEADER, *ROWS[:rows]]))
    assert (skipped, found) == ((len(titles), 0, 0), rows)
    (note,) = notes
    assert "above the column names: '" in note


@pytest.mark.parametrize(
    "described",
    [
        ["Which customer?,Which plan?,How many months?,How much?,How many calls?,Has the customer left?"],
        ["text,text,integer,number,integer,yes or no"],
        [",,(months),(CHF),,"],
        [
            "Id of the customer,Tariff,Age of the contract in months,Per month,Calls to us,Left",
            "string,string,int,float,int,string",
        ],
    ],
)
def test_descriptions(write, described: list[str]) -> None:
    skipped, found, notes = sniffed(write([HEADER, *described, *ROWS]))
    assert (skipped, found) == ((0, len(described), 0), 60)
    assert "describe" in notes[0]


@pytest.mark.parametrize("rows", [10, 60])
@pytest.mark.parametrize(
    "endings",
    [
        ["Total,,1234,99.5,17,"],
        ["Total:,,,,,"],
        [",TOTAL,1234,99.5,17,"],
        ["Grand total,,1234,99.5,17,"],
        ["Summe,,1234,99.5,17,"],
        ["Source: CRM of the company,,,,,"],
        ["Source: CRM of the company"],
        ["(60 rows affected)"],
        ["Total,,1234,99.5,17,", "", "Source: CRM as of November"],
        ["Total,,1234,99.5,17,", "Exported by Jim,,,,,", "Confidential,,,,,"],
        ["", ""],
    ],
)
def test_endings(write, endings: list[str], rows: int) -> None:
    skipped, found, notes = sniffed(write([HEADER, *ROWS[:rows], *endings]))
    assert (skipped, found) == ((0, 0, sum(map(bool, endings))), rows)
    assert len(notes) == bool(skipped[2])


def test_a_footnote_with_delimiters_in_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *ROWS, "Total,,1,2,3,", "Source: CRM, as of November, without tests"]))
    assert sniffed(path)[:2] == ((0, 0, 2), 60)


def test_rows_of_delimiters_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *ROWS, *[",,,,,"] * 500]))
    skipped, found, notes = sniffed(path)
    assert (skipped, found, notes) == ((0, 0, 500), 60, ("the last 500 rows are without a value",))


def test_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["Customers of November", HEADER, *ROWS * 2000, "Total,,1,2,3,", "Source: the CRM"]))
    skipped, found, _ = sniffed(path)
    assert (skipped, found) == ((1, 0, 2), 120_000)


def test_everything_at_once(write) -> None:
    titles, described = ["Customers", ""], ["Id,Tariff,(months),(CHF),(number),Left"]
    skipped, found, notes = sniffed(write([*titles, HEADER, *described, *ROWS, "Total,,1,2,3,"]))
    assert (skipped, found, len(notes)) == ((2, 1, 1), 60, 3)


@pytest.mark.parametrize("rows", [1, 2, 3, 6, 60])
def test_a_plain_table_of_few_rows(write, rows: int) -> None:
    assert sniffed(write([HEADER, *ROWS[:rows]])) == ((0, 0, 0), rows, ())


TABLES = {
    "texts": ["name,plan,city", *["Ann,basic,Bern", "Bob,plus,Zug", "Cid,pro,Chur", "Dora,pro,Bern"] * 3],
    "distinct texts": ["name,town", "Ann,Bern", "Bob,Zug", "Cid,Chur", "Dora,Basel"],
    "one column": ["name", "Ann", "Bob", "12", "Total"],
    "one column of numbers": ["n", *map(str, range(20))],
    "years": ["id,2023,2024,2025", *[f"C{n},{n},{n + 1},{n + 2}" for n in range(20)]],
    "an index without a name": [",plan,months", *[f"{n},basic,{n * 2}" for n in range(20)]],
    "few values": ["id,a,b,c,d", *[f"C{n},,,,{n if n % 4 == 0 else ''}" for n in range(20)]],
    "a first row without numbers": [
        "id,plan,months,charge",
        "C1,basic,n/a,-",
        *[f"C{n},pro,{n},{n}.5" for n in range(2, 20)],
    ],
    "a first row with a wrong value": ["id,plan,months", "C1,basic,many", *[f"C{n},pro,{n}" for n in range(2, 20)]],
    "a first row with a word that comes again": [
        "plan,months,calls",
        "basic,never,never",
        *[f"pro,{n},{n}" for n in range(40)],
        "pro,never,3",
    ],
    "a last row that is sparse": ["id,plan,months,charge", *[f"C{n},pro,{n},{n}.5" for n in range(20)], "C20,,,"],
    "a customer named Total": ["name,plan,months", *[f"{n} AG,pro,{n}" for n in range(20)], "Total Energies,basic,4"],
    "a plan called total": ["id,plan,months", *[f"C{n},{'total' if n % 2 else 'basic'},{n}" for n in range(20)]],
}


@pytest.mark.parametrize("name", TABLES)
def test_no_row_is_lost(tmp_path: Path, name: str) -> None:
    lines = TABLES[name]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    found = sniff_with_notes(str(path)).source
    assert [getattr(found, setting) for setting in SETTINGS] == [0, 0, 0]
    batches = list(open_source(found).batches())
    assert sum(batch.columns.num_rows for batch in batches) == len(lines) - 1


def test_a_last_row_that_is_cut_off_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *ROWS, "C160"]))
    found = sniff_with_notes(str(path)).source
    batches = list(open_source(found).batches())
    assert sum(batch.columns.num_rows for batch in batches) == 60
    assert [row.row for batch in batches for row in batch.rejected] == [61]


def test_a_last_note_of_several_lines_is_no_footnote(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f'C{n},{n},"called\nSource: friend"' for n in range(30_000)]
    for end in ("\n", ""):
        path.write_text("\n".join(["id,n,note", *lines]) + end)
        found = sniff_with_notes(str(path))
        assert found.notes == ()
        assert sum(batch.columns.num_rows for batch in open_source(found.source).batches()) == 30_000


def test_the_settings_of_a_contract_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('one\n"two"\n\na,b\nx,y\n\n1,2\n3\n4,5\n6,7,8\n9,10\n')
    settings = dict(zip(SETTINGS, (2, 1, 2), strict=True))
    (batch,) = open_source(Source(uri=str(path), **settings)).batches()
    assert batch.columns.to_pydict() == {"a": [b"1", b"4"], "b": [b"2", b"5"]}
    assert batch.rows.to_pylist() == [1, 3]
    assert [row.row for row in batch.rejected] == [2]
    with pytest.raises(ContractError, match=r"'source.skip_rows' is 99, and .*t\.csv has no header after that line"):
        open_source(Source(uri=str(path), skip_rows=99)).columns()
    assert list(open_source(Source(uri=str(path), skip_rows=2, skip_rows_at_end=99)).batches()) == []
