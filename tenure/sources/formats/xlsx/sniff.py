"""Finds the sheet of a workbook that is the table, and the rows in it that are not the table's."""

from __future__ import annotations

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.format import Sniffed
from tenure.sources.formats.xlsx.cells import text
from tenure.sources.formats.xlsx.grid import find_grid, is_blank
from tenure.sources.formats.xlsx.workbook import read_sheet
from tenure.sources.layout.layout import find_layout
from tenure.sources.layout.rows import Row
from tenure.sources.names import name_notes


def sniff_workbook(address: Address, source: Source) -> Sniffed:
    """``source`` with the sheet, where there are several, and the rows to skip.

    Raises:
        DataError: the file is not a workbook, or holds no table. SourceError: the store is down.
    """
    sheet = read_sheet(address, source)
    filled = [place for place in range(len(sheet.rows[0])) if any(row[place] is not None for row in sheet.rows)]
    rows = [
        Row(line, [text(row[place]) for place in filled]) for line, row in enumerate(sheet.rows) if not is_blank(row)
    ]
    layout = find_layout(rows)
    notes = list(layout.notes)
    update: dict[str, object] = dict(layout.settings)
    if sheet.others:
        update["sheet"] = sheet.name
        others = ", ".join(f"'{name}'" for name in sheet.others)
        notes.insert(0, f"the sheet '{sheet.name}' is read; the workbook also has {others}")
    found = source.model_copy(update=update)
    return Sniffed(found, (*notes, *name_notes(find_grid(sheet, found, address).fields)))
