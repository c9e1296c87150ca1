"""Finds how a CSV is written: encoding, delimiter, titles, descriptions, totals."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.encoding import Scanned, scan
from tenure.sources.format import Sniffed
from tenure.sources.formats.csv.dialect import DELIMITERS, first_rows, last_rows, likely_delimiter
from tenure.sources.formats.csv.header import read_header
from tenure.sources.formats.csv.quoting import find_quoting, quoting_note, requote
from tenure.sources.formats.csv.table import CsvTable
from tenure.sources.layout.layout import find_layout
from tenure.sources.magic import foreign
from tenure.sources.names import name_notes
from tenure.sources.parts import Part, list_parts, parts_notes

MOST_COMPARED = 20
"""Parts whose columns are compared before the table is read."""


def sniff_parts(address: Address, source: Source, suffixes: Sequence[str]) -> Sniffed:
    """Find how a CSV, or the first part of several, is written; the encoding is found in all parts.

    Raises:
        DataError: the table cannot be read, is empty or is not a CSV. SourceError: the store is down.
    """
    parts = list_parts(address, source, suffixes)
    first = scan(parts[0].address, source)
    found = [first, *(scan(part.address, source) for part in parts[1:] if part.address.scheme is None)]
    sniffed = _sniff(parts[0].address, source, first)
    _refuse_more_columns(parts, sniffed.source)
    other = next((each for each in found if each.encoding != "utf-8"), first)
    notes = sniffed.notes if other.note is None else (other.note, *sniffed.notes)
    return Sniffed(sniffed.source.model_copy(update={"encoding": other.encoding}), (*parts_notes(parts), *notes))


def _refuse_more_columns(parts: Sequence[Part], source: Source) -> None:
    """
    Raises:
        DataError: a part has a column that the first one lacks, such as the label that ``test.csv`` has not.
    """
    local = [part for part in parts[:MOST_COMPARED] if part.address.scheme is None]
    names = [CsvTable(part.address, source).columns() for part in local] if len(local) > 1 else []
    for part, own in zip(local[1:], names[1:], strict=True):
        more = [name for name in own if name not in names[0] and name not in local[0].partition]
        if more:
            first = local[0].address.shown
            raise DataError(f"{part.address.shown} has the column '{more[0]}', which {first} lacks")


def _sniff(address: Address, source: Source, scanned: Scanned) -> Sniffed:
    what = foreign(scanned.head[:1000].encode("utf-8", "replace"))
    if what is not None:
        raise DataError(f"{address.shown} is {what}")
    quoting = find_quoting(scanned.head)
    head, tail = (requote(text.encode(), quoting).decode() for text in (scanned.head, scanned.tail))
    scanned = dataclasses.replace(scanned, head=head, tail=tail)
    preset = source.delimiter if source.delimiter not in DELIMITERS else None
    delimiter = preset or likely_delimiter(scanned.head)
    if scanned.whole:
        layout = find_layout(first_rows(scanned.head, delimiter, len(scanned.head)))
    else:
        layout = find_layout(first_rows(_whole_lines(scanned), delimiter), last_rows(scanned.tail, delimiter))
    update = {"delimiter": delimiter, "encoding": scanned.encoding, "quoting": quoting, **layout.settings}
    found = source.model_copy(update=update)
    header = read_header(scanned.head.encode(), scanned.whole, address, found)
    return Sniffed(found, (*quoting_note(quoting), *layout.notes, *name_notes(header.fields), *header.notes))


def _whole_lines(scanned: Scanned) -> str:
    """The head without a line that is cut off at its end."""
    return scanned.head[: max(scanned.head.rfind("\n"), scanned.head.rfind("\r")) + 1] or scanned.head
