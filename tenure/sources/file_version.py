"""Versions of files: a text that changes with their content, without reading a table."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.files import filesystem, reading
from tenure.sources.watchdog import watched_once

IDENTITY = ("ETag", "etag", "VersionId", "generation", "md5Hash", "content_md5", "LastModified", "mtime", "size")
"""Metadata by which file systems identify the content of a file."""


def local_version(address: Address) -> str:
    """SHA-256 of a local file, or of the names and contents of all files in a local folder."""
    path = Path(address.uri)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(path).as_posix()}\0".encode())
        if file.exists() and not file.is_file():
            continue  # a device or a pipe, as below
        try:
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            # Opening the table reports the error.
            total.update(f"unreadable: {error.strerror}".encode())
    return total.hexdigest()


def store_version(address: Address, source: Source) -> str | None:
    """SHA-256 over the store's metadata of the files; None if the store gives no more than their size.

    Raises:
        DataError: there is no such file. SourceError: the store is down, does not answer in time or refuses.
    """

    def look() -> list[str] | None:
        with reading(address):
            system, path = filesystem(address, source)
            details = system.find(path, detail=True) or {path: system.info(path)}
        facts = [{key: info[key] for key in IDENTITY if info.get(key) is not None} for info in details.values()]
        if not all(set(fact) - {"size"} for fact in facts):
            return None
        return sorted(f"{name} {sorted(fact.items())}" for name, fact in zip(details, facts, strict=True))

    found = watched_once(look, source.timeout_s, address.shown)
    return None if found is None else hashlib.sha256("\n".join(found).encode()).hexdigest()
