"""JSON records (an array of objects) and JSON lines (an object a line), and folders and archives of them."""

from __future__ import annotations

from pathlib import Path

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.files import COMPRESSED
from tenure.sources.format import FileFormat, Match, Sniffed, is_folder
from tenure.sources.parts import folder_has
from tenure.sources.protocol import Source

PARTS = (".jsonl", ".ndjson", ".json")


class Json(FileFormat):
    suffixes = tuple(name + packed for name in PARTS for packed in ("", *COMPRESSED))

    def match(self, address: Address) -> Match:
        if is_folder(address):
            return Match.LIKELY if folder_has(Path(address.uri), PARTS) else Match.NO
        return super().match(address)

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.json.table import JsonTable
        from tenure.sources.parted import PartedTable

        return PartedTable(address, source, PARTS, JsonTable)

    def sniff(self, address: Address, source: settings.Source) -> Sniffed:
        """``source`` with the encoding, and notes on objects and lists in the records."""
        from tenure.sources.formats.json.sniff import sniff_parts

        return sniff_parts(address, source, PARTS)


FORMAT = Json()
