"""Finds how a CSV is written: encoding, delimiter, titles, descriptions, totals."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.encoding import Scanned, scan
from tenure.sources.format import Sniffed
from tenure.sources.formats.csv.dialect import DELIMITERS, first_rows, last_rows, likely_delimiter
from tenure.sources.formats.csv.header import read_header
from tenure.sources.layout.descriptions import count_descriptions, description_note
from tenure.sources.layout.endings import body_of, count_endings, ending_note
from tenure.sources.layout.rows import Row
from tenure.sources.layout.titles import find_header, title_note
from tenure.sources.magic import foreign
from tenure.sources.names import name_notes
from tenure.sources.parts import list_parts, parts_notes

END = 1 << 40
"""The line of a file's end, where its number is not known."""


def sniff_parts(address: Address, source: Source, suffixes: Sequence[str]) -> Sniffed:
    """Find how a CSV, or the first part of several, is written; the encoding is found in all parts.

    Raises:
        DataError: the table cannot be read, is empty or is not a CSV. SourceError: the store is down.
    """
    parts = list_parts(address, source, suffixes)
    first = scan(parts[0].address, source)
    found = [first, *(scan(part.address, source) for part in parts[1:] if part.address.scheme is None)]
    sniffed = _sniff(parts[0].address, source, first)
    other = next((each for each in found if each.encoding != "utf-8"), first)
    notes = sniffed.notes if other.note is None else (other.note, *sniffed.notes)
    return Sniffed(sniffed.source.model_copy(update={"encoding": other.encoding}), (*parts_notes(parts), *notes))


def _sniff(address: Address, source: Source, scanned: Scanned) -> Sniffed:
    what = foreign(scanned.head[:1000].encode("utf-8", "replace"))
    if what is not None:
        raise DataError(f"{address.shown} is {what}, not a CSV")
    preset = source.delimiter if source.delimiter not in DELIMITERS else None
    delimiter = preset or likely_delimiter(scanned.head)
    notes: list[str] = []
    update: dict[str, object] = {"delimiter": delimiter, "encoding": scanned.encoding}
    rows = first_rows(_whole_lines(scanned), delimiter)
    header = find_header(rows) if rows else 0
    if header:
        update["skip_rows"] = rows[header].line
        notes.append(title_note(rows, header))
    under = rows[header + 1 :]
    descriptions = count_descriptions(under)
    if descriptions:
        update["skip_rows_after_header"] = descriptions
        notes.append(description_note(under, descriptions))
    under = under[descriptions:]
    endings, tail = _endings(scanned, delimiter, under)
    if endings:
        update["skip_rows_at_end"] = endings
        notes.append(ending_note(tail, endings))
    found = source.model_copy(update=update)
    names = read_header(scanned.head.encode(), scanned.whole, address, found)
    return Sniffed(found, (*notes, *name_notes(names.fields), *names.notes))


def _endings(scanned: Scanned, delimiter: str, rows: list[Row]) -> tuple[int, list[Row]]:
    """The number of rows at the end that are not the table's, and the last rows."""
    if not scanned.whole:
        tail = [Row(END, row.cells) for row in last_rows(scanned.tail, delimiter)]
        return count_endings(tail, rows), tail
    every = first_rows(scanned.head, delimiter, len(scanned.head))
    under = [row for row in every if rows and row.line >= rows[0].line]
    body = body_of(under)
    tail = under[len(body) :]
    return count_endings(tail, body), tail


def _whole_lines(scanned: Scanned) -> str:
    """The head without a line that is cut off at its end."""
    if scanned.whole:
        return scanned.head
    return scanned.head[: max(scanned.head.rfind("\n"), scanned.head.rfind("\r")) + 1] or scanned.head
