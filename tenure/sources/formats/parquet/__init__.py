"""Parquet files, and local folders of them."""

from __future__ import annotations

from pathlib import Path

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.format import FileFormat, Match
from tenure.sources.protocol import Source


class Parquet(FileFormat):
    suffixes = (".parquet", ".pq", ".parq")

    def match(self, address: Address) -> Match:
        if address.scheme is None and Path(address.uri).is_dir():
            return Match.SURE
        return super().match(address)

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.parquet.table import ParquetTable

        return ParquetTable(address, source)


FORMAT = Parquet()
