"""The first lines of a CSV: column names, delimiter, and errors of files that are not CSV."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources.address import Address
from tenure.sources.files import HEAD_BYTES

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
FALLBACK_ENCODING = "cp1252"
SNIFFED_LINES = 50
"""Lines that the delimiter is detected from."""
MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"SQLite format 3": "an SQLite database",
    b"\x1f\x8b": "compressed by gzip",
    b"%PDF": "a PDF",
}


def read_header(head: bytes, address: Address, settings: Source) -> list[str]:
    """The column names exactly as in the file, including surrounding blanks.

    Args:
        head: the first bytes of the file.
        address: of the file, for messages.
        settings: delimiter and encoding.

    Raises:
        DataError: the file is empty, is not a CSV, has another delimiter, no header, or a repeated name.
        ContractError: the encoding does not exist.
    """
    if not head:
        raise DataError(f"{address.shown} is empty")
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise DataError(f"{address.shown} is {what}, not a CSV")
    text = decode(head, address, settings.encoding)
    if "\0" in text.split("\n", 1)[0]:
        raise DataError(
            f"{address.shown} is not text in {settings.encoding}: it contains NUL bytes; see 'source.encoding'"
        )
    names = first_record(text, settings.delimiter)
    if not any(name.strip() for name in names):
        raise DataError(f"{address.shown} has no header: its first line must name the columns")
    if len(names) == 1:
        other = likely_delimiter(text)
        if other != settings.delimiter and len(first_record(text, other)) > 1:
            raise DataError(
                f"{address.shown} is delimited by {DELIMITERS[other]}, not by {_named(settings.delimiter)}:"
                f" set 'source.delimiter: \"{other if other != chr(9) else chr(92) + 't'}\"'"
            )
    repeated = [name for name, times in Counter(name.strip() for name in names).items() if times > 1]
    if repeated:
        raise DataError(f"{address.shown} has more than one column named '{repeated[0]}'")
    return names


def decode(head: bytes, address: Address, encoding: str) -> str:
    """Decode ``head``; a character that is cut off at its end is left out."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)
    except LookupError:
        raise ContractError(f"'source.encoding': there is no encoding '{encoding}'") from None
    if is_utf8(encoding):
        # A byte that is not UTF-8 rejects its row, not the file.
        return decoder("replace").decode(head).removeprefix("\ufeff")
    try:
        return decoder().decode(head).removeprefix("\ufeff")
    except UnicodeError as error:
        raise DataError(f"{address.shown} is not {encoding}: {str(error).splitlines()[0]}") from None


def is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def first_records(text: str, delimiter: str, count: int = SNIFFED_LINES) -> list[list[str]]:
    """The fields of the first ``count`` lines that are not blank; fewer where a line cannot be parsed."""
    found: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            found += [record] if record else []
            if len(found) == count:
                break
    except csv.Error:
        pass
    return found


def first_record(text: str, delimiter: str) -> list[str]:
    """The fields of the first line that is not blank."""
    return next(iter(first_records(text, delimiter, 1)), [])


def likely_delimiter(text: str) -> str:
    """The delimiter that gives most of the first lines as many fields as the header; of equal ones, the most fields."""

    def fits(delimiter: str) -> tuple[int, int]:
        records = first_records(text, delimiter)
        header = len(records[0]) if records else 0
        return sum(len(record) == header > 1 for record in records), header

    return max(DELIMITERS, key=fits)


def likely_encoding(head: bytes) -> str:
    """UTF-16 by its byte order mark; UTF-8 if the head decodes; else the encoding of Western European spreadsheets."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The end of a full head may cut a character in two.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return FALLBACK_ENCODING
    return "utf-8"


def _named(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, f"'{delimiter}'")
