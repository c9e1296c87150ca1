"""Finds the sheet of a workbook that is the table, and the rows in it that are not the table's."""

from __future__ import annotations

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.format import Sniffed
from tenure.sources.formats.xlsx.cells import text
from tenure.sources.formats.xlsx.grid import find_grid, is_blank
from tenure.sources.formats.xlsx.workbook import Sheet, read_sheet
from tenure.sources.layout.layout import find_layout
from tenure.sources.layout.rows import Row
from tenure.sources.names import name_notes

SMALL_SHARE = 0.1
"""A sheet with fewer of the largest sheet's cells describes the table: a title page, a dictionary of the columns."""


def sniff_workbook(address: Address, source: Source) -> Sniffed:
    """``source`` with the sheet, where there are several, and the rows to skip.

    Raises:
        DataError: the file is not a workbook, or holds no table. SourceError: the store is down.
    """
    sheet = read_sheet(address, source)
    others = sheet.others
    table = _table(sheet)
    if table != sheet.name:
        others = tuple(name for name in sheet.cells if name != table)
        sheet = read_sheet(address, source.model_copy(update={"sheet": table}))
    filled = [place for place in range(len(sheet.rows[0])) if any(row[place] is not None for row in sheet.rows)]
    rows = [
        Row(line, [text(row[place]) for place in filled]) for line, row in enumerate(sheet.rows) if not is_blank(row)
    ]
    layout = find_layout(rows)
    notes = list(layout.notes)
    update: dict[str, object] = dict(layout.settings)
    if others:
        update["sheet"] = sheet.name
        named = ", ".join(f"'{name}'" for name in others)
        notes.insert(0, f"the sheet '{sheet.name}' is read; the workbook also has {named}")
    found = source.model_copy(update=update)
    return Sniffed(found, (*notes, *name_notes(find_grid(sheet, found, address).fields)))


def _table(sheet: Sheet) -> str:
    """The first sheet that is not small beside the largest one."""
    largest = max(sheet.cells.values())
    return next(name for name, cells in sheet.cells.items() if cells >= SMALL_SHARE * largest)
