"""CSV files, and folders and archives of them. Any file of no other format is read as one."""

from __future__ import annotations

from pathlib import Path

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.files import COMPRESSED
from tenure.sources.format import FileFormat, Match, Sniffed, in_files, is_folder
from tenure.sources.parts import folder_has
from tenure.sources.protocol import Source

PARTS = (".csv", ".tsv", ".txt")


class Csv(FileFormat):
    suffixes = tuple(name + packed for name in PARTS for packed in ("", *COMPRESSED))

    def match(self, address: Address) -> Match:
        if is_folder(address):
            likely = folder_has(Path(address.uri), PARTS[:2])
            # Many folders have a text beside their files that is no part of the table.
            return Match.LIKELY if likely else Match(folder_has(Path(address.uri), PARTS[2:]))
        return super().match(address) or (Match.POSSIBLE if in_files(address) else Match.NO)

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.csv.table import CsvTable
        from tenure.sources.parted import PartedTable

        return PartedTable(address, source, PARTS, CsvTable)

    def sniff(self, address: Address, source: settings.Source) -> Sniffed:
        """``source`` with the delimiter, the encoding, and the rows above, under and below those of the table."""
        from tenure.sources.formats.csv.sniff import sniff_parts

        return sniff_parts(address, source, PARTS)


FORMAT = Csv()
