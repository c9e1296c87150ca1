"""Finds how a JSON file is written: its encoding, and what its columns are made of."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.encoding import scan
from tenure.sources.format import Sniffed
from tenure.sources.formats.json.fields import common_type
from tenure.sources.formats.json.records import Digits
from tenure.sources.formats.json.table import JsonTable
from tenure.sources.names import name_notes
from tenure.sources.parts import list_parts, parts_notes

SAMPLE_RECORDS = 1_000


def sniff_parts(address: Address, source: Source, suffixes: Sequence[str]) -> Sniffed:
    """Find how a JSON file, or the first part of several, is written.

    Raises:
        DataError: the table cannot be read. SourceError: the store is down.
    """
    parts = list_parts(address, source, suffixes)
    scanned = scan(parts[0].address, source)
    found = source.model_copy(update={"encoding": scanned.encoding})
    kinds = JsonTable(parts[0].address, found).kinds(SAMPLE_RECORDS)
    notes = [*parts_notes(parts)]
    if scanned.note is not None:
        notes.append(scanned.note)
    for name, types in kinds.items():
        if Digits in types:
            notes.append(f"'{name}' has integers of more than 64 bits: they are read as text")
        elif len(types) > 1 and pa.types.is_string(common_type(types)):
            notes.append(f"'{name}' has values of several types: they are read as text")
    return Sniffed(found, (*notes, *name_notes(list(kinds))))
