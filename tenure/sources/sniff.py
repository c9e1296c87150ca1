"""Detects how a table is written, from its address and its content."""

from __future__ import annotations

from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import Address, resolve
from tenure.sources.factory import content_format, detect_format, format_of
from tenure.sources.format import Sniffed
from tenure.sources.formats.csv.dialect import DELIMITERS


def sniff(uri: str, base_folder: Path | str = ".", query: str | None = None, endpoint_url: str | None = None) -> Source:
    """Detect how the table at ``uri`` is written, such as the delimiter and the encoding of a CSV.

    Args:
        uri: a path or an address; ``${NAME}`` in it is replaced from the environment.
        base_folder: folder that a relative path starts from.
        query: the SELECT statement, for a database.
        endpoint_url: an S3-compatible object store.

    Returns:
        The section ``source`` of a contract.

    Raises:
        ContractError, DataError, SourceError: as ``tenure.sources.Source.columns``.
    """
    return sniff_with_notes(uri, base_folder, query, endpoint_url).source


def sniff_with_notes(
    uri: str, base_folder: Path | str = ".", query: str | None = None, endpoint_url: str | None = None
) -> Sniffed:
    """As ``sniff``, with what was assumed and the evidence for it."""
    source = Source(uri=uri, query=query, endpoint_url=endpoint_url)
    return sniff_address(resolve(source, Path(base_folder)), source)


def sniff_address(address: Address, source: Source) -> Sniffed:
    """As ``sniff_with_notes``, for an address that is resolved already: ``source`` with what was detected.

    Raises:
        DataError, SourceError: as ``Source.columns``.
    """
    if source.format is None:
        by_address, by_content = detect_format(address), content_format(address, source)
        if by_content != by_address:
            source = source.model_copy(update={"format": by_content})
    return format_of(address, source).sniff(address, source)


def sniff_other(source: Source, uri: str, base_folder: Path | str = ".") -> Source:
    """``source`` with another table, written as that table's content shows: delimiter, encoding, titles and so on.

    Kept are the query, the sheet, the store's endpoint, limits, and a delimiter that is none of the usual ones.

    Raises:
        ContractError, DataError, SourceError: as ``tenure.sources.Source.columns``.
    """
    kept = ("query", "chunk_rows", "timeout_s", "endpoint_url", "sheet")
    other = Source(uri=uri, **{name: getattr(source, name) for name in kept})
    if source.delimiter not in DELIMITERS:
        other = other.model_copy(update={"delimiter": source.delimiter})
    return sniff_address(resolve(other, Path(base_folder)), other).source
