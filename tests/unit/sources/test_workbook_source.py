"""Workbooks: types of cells, sheets, damaged files."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from workbooks import CURRENCY, DATE, PERCENT, Error, Styled, write_workbook

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources import open_source, sniff_with_notes

MIDNIGHT, MOMENT = datetime(2026, 1, 31), datetime(2026, 2, 1, 13, 45)  # noqa: DTZ001


def column(path: Path, cells: list[object]) -> pa.Array:
    write_workbook(path, {"T": [["id", "x"], *[[f"C{n}", cell] for n, cell in enumerate(cells)]]})
    (batch,) = open_source(Source(uri=str(path))).batches(["x"])
    return batch.columns.column(0)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 2, None], pa.array([1, 2, None])),
        ([1, 2.5], pa.array([1.0, 2.5])),
        ([True, False, None], pa.array([True, False, None])),
        ([date(2026, 1, 31), None], pa.array([date(2026, 1, 31), None])),
        ([date(2026, 1, 31), MOMENT], pa.array([MIDNIGHT, MOMENT], pa.timestamp("us"))),
        ([Styled(0.125, PERCENT), Styled(1.0, PERCENT)], pa.array([0.125, 1.0])),
        ([Styled(29.95, CURRENCY)], pa.array([29.95])),
        ([Styled(46053, DATE)], pa.array([date(2026, 1, 31)])),
        ([5, Error("#N/A"), Error("#DIV/0!")], pa.array([5, None, None])),
        (["a", Error("#N/A")], pa.array(["a", None])),
        (["a", 1, 2.5, True, date(2026, 1, 31)], pa.array(["a", "1", "2.5", "true", "2026-01-31"])),
        ([123456789012345], pa.array([123456789012345])),
        (["00123", "12345678901234567890"], pa.array(["00123", "12345678901234567890"])),
        ([None, None], pa.array([None, None], pa.string())),
    ],
)
def test_types_of_cells(tmp_path: Path, cells: list[object], expected: pa.Array) -> None:
    assert column(tmp_path / "t.xlsx", cells) == expected


ROWS: list[list[object]] = [["id", "n"], *[[f"C{n}", n] for n in range(10)]]


def test_the_first_sheet_that_is_not_blank_and_not_hidden(tmp_path: Path) -> None:
    sheets = {"Old": ROWS[:3], "Blank": [[None]], "Customers": ROWS, "Notes": [["by Jim"]]}
    path = write_workbook(tmp_path / "t.xlsx", sheets, hidden=("Old",))
    found = sniff_with_notes(str(path))
    assert found.source == Source(uri=str(path), sheet="Customers")
    assert found.notes == ("the sheet 'Customers' is read; the workbook also has 'Notes'",)
    (batch,) = open_source(found.source).batches()
    assert batch.rows.to_pylist() == list(range(1, 11))
    (batch,) = open_source(Source(uri=str(path), sheet="Old")).batches()
    assert batch.columns.num_rows == 2


def test_small_sheets_before_the_table_describe_it(tmp_path: Path) -> None:
    names = [["Variable", "Meaning"], ["id", "the customer"], ["n", "the number of calls"]]
    sheets = {"README": [["made by Jim"]], "Dictionary": names, "Customers": [*ROWS, *ROWS[1:] * 9], "More": ROWS}
    path = write_workbook(tmp_path / "t.xlsx", sheets)
    found = sniff_with_notes(str(path))
    assert found.source.sheet == "Customers"
    (note,) = found.notes
    assert note == "the sheet 'Customers' is read; the workbook also has 'README', 'Dictionary', 'More'"


README: list[list[object]] = [["Customers of the shop"], ["made by Jim"], [None], ["see the sheet Customers"]]
COLUMNS: list[list[object]] = [["column", "meaning"], ["id", "the customer"], ["n", "orders"]]


@pytest.mark.parametrize(
    ("sheets", "chosen"),
    [
        ({"Read me": README, "Customers": ROWS}, "Customers"),
        ({"Columns": COLUMNS, "Read me": README, "Customers": ROWS}, "Customers"),
        ({"Customers": ROWS, "Columns": COLUMNS}, "Customers"),
        ({"Read me": README, "January": ROWS[:7], "February": ROWS}, "January"),  # 14 of 22 cells
        ({"Pivot": [["", "a"], ["yes", 3], ["no", 7]], "Customers": ROWS}, "Customers"),
    ],
)
def test_a_title_page_or_a_list_of_columns_is_not_the_table(
    tmp_path: Path, sheets: dict[str, list[list[object]]], chosen: str
) -> None:
    path = write_workbook(tmp_path / "t.xlsx", sheets)
    found = sniff_with_notes(str(path))
    assert found.source.sheet == chosen
    others = ", ".join(f"'{name}'" for name in sheets if name != chosen)
    assert found.notes[0] == f"the sheet '{chosen}' is read; the workbook also has {others}"
    with_sheet, without = open_source(found.source), open_source(Source(uri=str(path)))
    assert with_sheet.columns() == without.columns() == ["id", "n"]


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Customers": ROWS, "Notes": ROWS})
    with pytest.raises(ContractError, match=r"t\.xlsx has no sheet 'Customer': did you mean 'Customers'\?"):
        open_source(Source(uri=str(path), sheet="Customer")).columns()
    with pytest.raises(ContractError, match="has no sheet 'x': there are 'Customers', 'Notes'"):
        open_source(Source(uri=str(path), sheet="x")).columns()


def test_blank_rows_and_columns_and_cells_without_a_name(tmp_path: Path) -> None:
    rows = [[None, *row[:1], None, *row[1:], extra, None] for row, extra in zip(ROWS, [None, *range(10)], strict=True)]
    path = write_workbook(tmp_path / "t.xlsx", {"T": [[], [], rows[0], [], *rows[1:5], [None], *rows[5:], [], []]})
    found = sniff_with_notes(str(path))
    assert found.notes == ("column 3 has no name: it is called 'column_3'",)
    (batch,) = open_source(found.source).batches()
    assert batch.columns.schema.names == ["id", "n", "column_3"]
    assert batch.columns.num_rows == 10


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", b""])
def test_a_damaged_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"t\.xlsx is not a workbook, or is damaged") as caught:
        open_source(Source(uri=str(path))).columns()
    assert "\n" not in str(caught.value)


def test_a_web_page_that_is_called_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    path.write_text("<html><table><tr><td>id</td></tr></table></html>")
    with pytest.raises(DataError, match=r"t\.xls is an HTML or XML page, not a workbook: save it as one"):
        sniff_with_notes(str(path))


def test_a_workbook_without_values_and_one_without_rows(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"T": []})
    with pytest.raises(DataError, match=r"t\.xlsx has no values in any sheet"):
        sniff_with_notes(str(path))
    path = write_workbook(tmp_path / "t.xlsx", {"T": ROWS[:1]})
    source = open_source(sniff_with_notes(str(path)).source)
    assert source.columns() == ["id", "n"]
    assert list(source.batches()) == []
    with pytest.raises(ContractError, match=r"'source.skip_rows' is 7, and the sheet 'T' of .*t\.xlsx has no header"):
        open_source(Source(uri=str(path), skip_rows=7)).columns()
