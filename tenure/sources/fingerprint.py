"""A value that differs when a table does, for caches of what was computed from it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping

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


def of_tables(fingerprints: Mapping[str | None, str]) -> str:
    """One fingerprint of several tables, given by their names; of one table its own."""
    if len(fingerprints) == 1:
        return next(iter(fingerprints.values()))
    lines = sorted(f"{name}\0{fingerprint}\n" for name, fingerprint in fingerprints.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_again() -> str:
    """A fingerprint that no earlier one equals: the table is read again, whether it changed or not."""
    return f"read-again-{uuid.uuid4().hex}"
