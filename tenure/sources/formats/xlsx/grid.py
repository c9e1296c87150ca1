"""Where the table lies in a sheet: its header, its columns and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources.address import Address
from tenure.sources.formats.xlsx.cells import text
from tenure.sources.formats.xlsx.workbook import Cell, Sheet


@dataclass(frozen=True)
class Grid:
    """The table of a sheet, without blank rows and columns."""

    fields: list[str]
    """The names as they stand in the sheet; empty where a column has values and no name."""
    columns: list[list[Cell]]
    """The cells of each column under its name."""

    @property
    def rows(self) -> int:
        return len(self.columns[0])


def find_grid(sheet: Sheet, settings: Source, address: Address) -> Grid:
    """The table, by the rows that ``settings`` skips.

    Raises:
        ContractError: more rows are skipped than there are.
    """
    rows = without_blank(sheet.rows[settings.skip_rows :])
    if not rows:
        raise ContractError(
            f"'source.skip_rows' is {settings.skip_rows:,}, and the sheet '{sheet.name}' of {address.shown} has no"
            " header after that row"
        )
    header = [text(cell).strip() for cell in rows[0]]
    if not any(header):
        raise DataError(f"{address.shown} has no header: the first row of the sheet must name the columns")
    body = rows[1 + settings.skip_rows_after_header : len(rows) - settings.skip_rows_at_end]
    places = [place for place, name in enumerate(header) if name or any(row[place] is not None for row in body)]
    return Grid([header[place] for place in places], [[row[place] for row in body] for place in places])


def without_blank(rows: Sequence[list[Cell]]) -> list[list[Cell]]:
    return [row for row in rows if not is_blank(row)]


def is_blank(row: Sequence[Cell]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)
