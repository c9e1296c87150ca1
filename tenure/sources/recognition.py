"""The format of a file by its content, whatever its name says."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.files import open_archive, read_head, reading
from tenure.sources.format import is_folder
from tenure.sources.magic import FORMATS, JSON, UTF16_JSON, ZIP, foreign
from tenure.sources.parts import files_in_store, with_suffix
from tenure.sources.watchdog import watched_once

HEAD_BYTES = 4096
WORKBOOK_MEMBERS = ("[Content_Types].xml", "mimetype")
"""Files in the archives that Excel and OpenDocument workbooks are."""
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".txt": "csv",
}
"""Suffixes of parts; of those in an archive, or in a folder of an object store, the first one is the table's."""


def format_by_content(address: Address, source: Source, by_name: str) -> str:
    """Name of a built-in format.

    Args:
        address: of a file, or a folder.
        source: its settings, for an object store.
        by_name: the format that the address shows, which is returned where the content does not contradict it.

    Raises:
        DataError, SourceError: the file cannot be read.
    """
    if is_folder(address):
        return by_name
    if address.scheme is not None:
        members = watched_once(lambda: _files_in_store(address, source), source.timeout_s, address.shown)
        if members is not None:
            return _of_names(members, by_name)
    head = read_head(address, source, HEAD_BYTES)
    for magic, name in FORMATS.items():
        if head.startswith(magic):
            return name
    if head.startswith(ZIP):
        with open_archive(address, source) as archive:
            members = archive.namelist()
        return "xlsx" if any(name in members for name in WORKBOOK_MEMBERS) else _of_names(members, by_name)
    what = foreign(head)
    if by_name == "csv" and what is not None:
        raise DataError(f"{address.shown} is {what}")
    if by_name in ("csv", "xlsx") and head and what is None and b"\0" not in head:
        return "json" if JSON.match(head) else "csv"
    return "json" if by_name == "csv" and UTF16_JSON.match(head) else by_name


def _files_in_store(address: Address, source: Source) -> list[str] | None:
    with reading(address):
        return files_in_store(address, source)


def _of_names(names: list[str], by_name: str) -> str:
    found = with_suffix([PurePosixPath(name).name for name in names], tuple(SUFFIXES))
    if not found:
        return by_name
    lower = found[0].lower()
    return next((SUFFIXES[step] for step in reversed(Path(lower).suffixes) if step in SUFFIXES), by_name)
