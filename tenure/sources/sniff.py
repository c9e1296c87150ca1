"""How a table is written, told from its first lines: for a first contract."""

from __future__ import annotations

import codecs
from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import resolve
from tenure.sources.csv_header import likely_delimiter
from tenure.sources.factory import format_of
from tenure.sources.files import HEAD_BYTES, read_head

FALLBACK_ENCODING = "cp1252"


def sniff(uri: str, base_folder: Path | str = ".", query: str | None = None, endpoint_url: str | None = None) -> Source:
    """The section ``source`` of a contract for the table at ``uri``: format, delimiter, encoding.

    Raises:
        ContractError, DataError, SourceError: as ``Source.columns``.
    """
    source = Source(uri=uri, query=query, endpoint_url=endpoint_url)
    address = resolve(source, Path(base_folder))
    kind = format_of(address)
    if kind != "csv":
        return source
    head = read_head(address, source)
    encoding = _encoding(head)
    delimiter = likely_delimiter(head.decode(encoding, "replace").removeprefix("\ufeff"))
    return source.model_copy(update={"delimiter": delimiter, "encoding": encoding})


def _encoding(head: bytes) -> str:
    """UTF-16 by its mark; UTF-8 if the head is that; else what spreadsheets of western Europe write."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The end of a full head may cut a character in two.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return FALLBACK_ENCODING
    return "utf-8"
