"""Detects how a table is written, from its address and its first lines."""

from __future__ import annotations

from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import Address, resolve
from tenure.sources.factory import format_of


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
    source = Source(uri=uri, query=query, endpoint_url=endpoint_url)
    return sniff_address(resolve(source, Path(base_folder)), source)


def sniff_address(address: Address, source: Source) -> Source:
    """As ``sniff``, for an address that is resolved already: ``source`` with what was detected.

    Raises:
        DataError, SourceError: as ``Source.columns``.
    """
    return format_of(address, source).sniff(address, source)
