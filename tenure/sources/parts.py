"""The files of a table: one file, or the parts in a folder or a ZIP archive, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.files import COMPRESSED, filesystem, open_archive, open_file, reading
from tenure.sources.magic import ZIP

HIDDEN = ("_", ".")
"""First characters of files and folders that hold no rows: ``_SUCCESS``, ``.DS_Store``, ``__MACOSX``."""


@dataclass(frozen=True)
class Part:
    """A file of a table."""

    address: Address
    partition: dict[str, str] = field(default_factory=dict)
    """Columns from the names of its folders: ``month=2026-01`` is the column ``month`` with the value ``2026-01``."""


def list_parts(address: Address, settings: Source, suffixes: Sequence[str]) -> list[Part]:
    """The files of the table at ``address``.

    A folder's parts are the files whose names end in a suffix, in the folder and in folders with names as
    ``column=value``. Where there are several suffixes, only the files with the first one that occurs are parts. Local
    files without a byte, which a writer leaves where it had no rows, are no parts of a text format.

    Raises:
        DataError: a folder or an archive has no such file, or there is no file. SourceError: the store is down.
    """
    with reading(address):
        if address.scheme is None and Path(address.uri).is_dir():
            folder = Path(address.uri)
            names: Iterable[str] = list(_local_names(folder))
            if ".parquet" not in suffixes:  # an empty Parquet file is damaged
                names = [name for name in names if (folder / name).stat().st_size] or names
            return _folder(address, names, suffixes, address.uri)
        stored = files_in_store(address, settings)
        if stored is not None:
            return _folder(address, stored, suffixes, address.uri.rstrip("/"))
        if not is_archive(address, settings):
            return [Part(address)]
        with open_archive(address, settings) as archive:
            members = [member.filename for member in archive.infolist() if not member.is_dir()]
    return _members(address, members, suffixes)


def files_in_store(address: Address, settings: Source) -> list[str] | None:
    """Names of the files in a folder of an object store, and in the folders in it; None for a file.

    A page of the Web is a file: what links it holds is not asked.
    """
    if address.scheme in (None, "http", "https"):
        return None
    system, path = filesystem(address, settings)
    if system.info(path)["type"] != "directory":
        return None
    return [name.removeprefix(f"{path.rstrip('/')}/") for name in system.find(path)]


def parts_notes(parts: Sequence[Part]) -> tuple[str, ...]:
    """That there are several files, for a person."""
    if len(parts) == 1:
        return ()
    columns = "".join(f"; the folders' names give the column '{name}'" for name in parts[0].partition)
    return (f"{len(parts):,} files are read as one table, in the order of their names{columns}",)


def is_archive(address: Address, settings: Source) -> bool:
    """Whether the file is a ZIP archive: by its first bytes, or in a store, where each look costs, by its suffix.

    Raises:
        DataError, SourceError: as ``open_file``.
    """
    if address.member is not None:
        return False
    if address.scheme is not None:
        return address.path.lower().endswith(".zip")
    with open_file(address, settings) as file, reading(address):
        return file.read(len(ZIP)) == ZIP


def with_suffix(names: Iterable[str], suffixes: Sequence[str]) -> list[str]:
    """The names, sorted, that end in the first suffix that any ends in; names of compressed files too."""
    visible = sorted(name for name in names if not any(step.startswith(HIDDEN) for step in PurePosixPath(name).parts))
    for suffix in suffixes:
        found = [name for name in visible if _plain(name).endswith(suffix)]
        if found:
            return found
    return []


def folder_has(folder: Path, suffixes: Sequence[str]) -> bool:
    """Whether a local folder has parts with one of the suffixes."""
    return bool(with_suffix(_local_names(folder), suffixes))


def _plain(name: str) -> str:
    lower = name.lower()
    return next((lower.removesuffix(packed) for packed in COMPRESSED if lower.endswith(packed)), lower)


def _local_names(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        if path.is_file():
            yield path.name
        elif "=" in path.name:
            yield from (f"{path.name}/{name}" for name in _local_names(path))


def _folder(address: Address, names: Iterable[str], suffixes: Sequence[str], root: str) -> list[Part]:
    known = [name for name in names if all("=" in step for step in PurePosixPath(name).parts[:-1])]
    found = with_suffix(known, suffixes)
    if not found:
        raise DataError(f"{address.shown} is a folder without {' or '.join(suffixes)} files")
    shown = address.shown.rstrip("/")
    return [Part(Address(f"{root}/{name}", f"{shown}/{name}", address.secrets), _partition(name)) for name in found]


def _members(address: Address, members: list[str], suffixes: Sequence[str]) -> list[Part]:
    found = with_suffix(members, suffixes)
    if not found:
        inside = ", ".join(members[:3]) or "nothing"
        raise DataError(f"{address.shown} is a ZIP archive without {' or '.join(suffixes)} files: it contains {inside}")
    return [Part(replace(address, member=name, shown=f"{address.shown}/{name}"), _partition(name)) for name in found]


def _partition(name: str) -> dict[str, str]:
    steps = (step.partition("=") for step in PurePosixPath(name).parts[:-1] if "=" in step)
    return {key: unquote(value) for key, _, value in steps}
