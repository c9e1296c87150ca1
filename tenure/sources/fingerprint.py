"""A value that differs when a table does, for caches of what was computed from it."""

from __future__ import annotations

import uuid

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.factory import format_of


def fingerprint(address: Address, source: Source) -> str:
    """The table's version; another value each time if its format has none.

    Raises:
        DataError, SourceError: as ``tenure.sources.Source.columns``.
    """
    version = format_of(address, source).version(address, source)
    return read_again() if version is None else version


def read_again() -> str:
    """A fingerprint that no earlier one equals: the table is read again, whether it changed or not."""
    return f"read-again-{uuid.uuid4().hex}"
