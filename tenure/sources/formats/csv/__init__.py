"""CSV files. Any file of no other format is read as one."""

from __future__ import annotations

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.files import COMPRESSIONS, read_head
from tenure.sources.format import FileFormat, Match, in_files
from tenure.sources.protocol import Source


class Csv(FileFormat):
    suffixes = tuple(name + packed for name in (".csv", ".tsv", ".txt") for packed in ("", *COMPRESSIONS))

    def match(self, address: Address) -> Match:
        return super().match(address) or (Match.POSSIBLE if in_files(address) else Match.NO)

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.csv.table import CsvTable

        return CsvTable(address, source)

    def sniff(self, address: Address, source: settings.Source) -> settings.Source:
        """``source`` with the delimiter and the encoding of the first lines."""
        from tenure.sources.formats.csv.header import likely_delimiter, likely_encoding

        head = read_head(address, source)
        encoding = likely_encoding(head)
        delimiter = likely_delimiter(head.decode(encoding, "replace").removeprefix("\ufeff"))
        return source.model_copy(update={"delimiter": delimiter, "encoding": encoding})


FORMAT = Csv()
