"""Queries to databases. An address with a scheme of no file system is read as a database's."""

from __future__ import annotations

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.format import Format, Match, in_files
from tenure.sources.protocol import Source


class Sql(Format):
    def match(self, address: Address) -> Match:
        return Match.NO if in_files(address) else Match.POSSIBLE

    def open(self, address: Address, source: settings.Source) -> Source:
        from tenure.sources.formats.sql.table import SqlTable

        return SqlTable(address, source)


FORMAT = Sql()
