"""Parquet files, and folders and archives of them."""

from __future__ import annotations

from pathlib import Path

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.format import FileFormat, Match, Sniffed, is_folder
from tenure.sources.names import name_notes
from tenure.sources.parts import folder_has, list_parts, parts_notes
from tenure.sources.protocol import Source


class Parquet(FileFormat):
    suffixes = (".parquet", ".pq", ".parq")

    def match(self, address: Address) -> Match:
        if is_folder(address):
            # A folder that is empty, or that the files are yet to come into, is taken for one of Parquet files.
            return Match.SURE if folder_has(Path(address.uri), self.suffixes) else Match.POSSIBLE
        return super().match(address)

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.parquet.table import ParquetTable
        from tenure.sources.parted import PartedTable

        return PartedTable(address, source, self.suffixes, ParquetTable)

    def sniff(self, address: Address, source: settings.Source) -> Sniffed:
        """``source`` as it is, with notes on the columns that the reader renames."""
        from tenure.sources.formats.parquet.table import ParquetTable

        if address.scheme is None and not Path(address.uri).exists():
            return Sniffed(source)  # opening it reports that it is missing
        parts = list_parts(address, source, self.suffixes)
        return Sniffed(source, (*parts_notes(parts), *name_notes(ParquetTable(parts[0].address, source).fields)))


FORMAT = Parquet()
