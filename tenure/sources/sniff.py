"""Detects how a table is written, from its address and its first lines."""

from __future__ import annotations

import codecs
from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import Address, resolve
from tenure.sources.csv_header import likely_delimiter
from tenure.sources.factory import format_of
from tenure.sources.files import HEAD_BYTES, read_head

FALLBACK_ENCODING = "cp1252"


def sniff(uri: str, base_folder: Path | str = ".", query: str | None = None, endpoint_url: str | None = None) -> Source:
    """Detect format, delimiter and encoding of the table at ``uri``.

    Args:
        uri: a path or an address; ``${NAME}`` in it is replaced from the environment.
        base_folder: folder that a relative path starts from.
        query: the SELECT statement, for a database.
        endpoint_url: an S3-compatible object store.

    Returns:
        The section ``source`` of a contract.

    Raises:
        ContractError, DataError, SourceError: as ``Source.columns``.
    """
    source = Source(uri=uri, query=query, endpoint_url=endpoint_url)
    return sniff_address(resolve(source, Path(base_folder)), source)


def sniff_address(address: Address, source: Source) -> Source:
    """As ``sniff``, for an address that is resolved already: ``source`` with what was detected.

    Raises:
        DataError, SourceError: as ``Source.columns``.
    """
    if format_of(address) != "csv":
        return source
    head = read_head(address, source)
    encoding = _encoding(head)
    delimiter = likely_delimiter(head.decode(encoding, "replace").removeprefix("\ufeff"))
    return source.model_copy(update={"delimiter": delimiter, "encoding": encoding})


def _encoding(head: bytes) -> str:
    """UTF-16 by its byte order mark; UTF-8 if the head decodes; else the encoding of Western European spreadsheets."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The end of a full head may cut a character in two.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return FALLBACK_ENCODING
    return "utf-8"
