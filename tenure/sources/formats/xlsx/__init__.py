"""Excel workbooks (.xlsx, .xlsm, .xlsb, .xls) and OpenDocument ones (.ods): one sheet is the table."""

from __future__ import annotations

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.format import FileFormat, Sniffed
from tenure.sources.protocol import Source


class Xlsx(FileFormat):
    suffixes = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.xlsx.table import SheetTable

        return SheetTable(address, source)

    def sniff(self, address: Address, source: settings.Source) -> Sniffed:
        """``source`` with the sheet, and the rows above, under and below those of the table."""
        from tenure.sources.formats.xlsx.sniff import sniff_workbook

        return sniff_workbook(address, source)


FORMAT = Xlsx()
