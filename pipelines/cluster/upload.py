"""Copies local tables to an object store, where a cluster can read them, under names that contain their hashes.

With the hash in the address, an unchanged table is not copied again, a changed one overwrites nothing, and a step cache
detects the change.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.graphs.fingerprint import data_fingerprint
from pipelines.graphs.request import Request, read_from
from tenure.contract.settings import Source
from tenure.contract.sources import message_prefix, sources_of
from tenure.errors import DataError, InputError, SourceError, TenureError
from tenure.intake.ingest import naming_table
from tenure.sources.address import Address, resolve
from tenure.sources.factory import format_of
from tenure.sources.files import filesystem

NAME_DIGITS = 20
"""Digits of the content's SHA-256 in the address."""
PROGRESS_INTERVAL_S = 5.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class TableUpload:
    """Files of one table to copy, and their addresses in the store."""

    files: tuple[tuple[Path, str], ...]
    """Pairs of a file and its address."""
    fingerprint: str
    """Hash of the content, which the address contains."""
    source: Address
    store: Source
    """Settings of the connection to the store."""

    def run(self, report: Callable[[str], None]) -> None:
        """Copy the files that the store does not have; see ``Upload.run``."""
        copied = [_copy(file, uri, self.store, report) for file, uri in self.files]
        if any(copied) and data_fingerprint(self.source, self.store) != self.fingerprint:
            raise DataError(f"{self.source.shown} changed while it was copied: submit again")


@dataclass(frozen=True)
class Upload:
    """The tables to copy."""

    tables: tuple[TableUpload, ...]

    def run(self, report: Callable[[str], None]) -> None:
        """Copy the files that the store does not have.

        Args:
            report: called with messages about the progress.

        Raises:
            DataError: a file cannot be read, or changed during the copy.
            SourceError: the store is unreachable, times out or denies access, or has no such bucket.
            InputError: no driver for the store is installed.
        """
        for table in self.tables:
            table.run(report)


def plan_upload(request: Request, store: str) -> tuple[Request, Upload] | None:
    """The request with its local tables in ``store``, and the upload it needs; None if no table is a local file.

    Args:
        request: the dataset.
        store: a folder of an object store, such as ``s3://tenure-data/datasets``.

    Raises:
        InputError: ``store`` is not such a folder.
        DataError: a table cannot be read.
    """
    uploads: list[TableUpload] = []
    moved: dict[str | None, str] = {}
    for name, settings in sources_of(request.contract).items():
        source = resolve(settings, request.path.parent)
        if source.scheme is not None or not format_of(source, settings).is_files:
            continue
        scheme, separator, place = store.partition("://")
        if not separator or scheme in ("file", "local") or not place.strip("/"):
            raise InputError(f"'{store}' is not a folder of an object store, such as s3://bucket/folder")
        fingerprint = request.fingerprints[name]
        folder = f"{store.rstrip('/')}/{request.contract.name}/{fingerprint[:NAME_DIGITS]}"
        with naming_table(message_prefix(request.contract, name)):
            files = _files(source, folder)
        uploads.append(TableUpload(files, fingerprint, source, settings))
        moved[name] = f"{folder}/{Path(source.uri).name}"
    return (read_from(request, moved), Upload(tuple(uploads))) if uploads else None


def _files(source: Address, folder: str) -> tuple[tuple[Path, str], ...]:
    """Pairs of a file of a local table and its address in ``folder``.

    Raises:
        DataError: there is no file.
    """
    path = Path(source.uri)
    if path.is_dir():
        files = tuple(
            (file, f"{folder}/{path.name}/{file.relative_to(path).as_posix()}")
            for file in sorted(path.rglob("*"))
            if file.is_file()
        )
    elif path.is_file():
        files = ((path, f"{folder}/{path.name}"),)
    else:
        files = ()
    if not files:
        raise DataError(f"no such file: {source.shown}")
    return files


def _copy(file: Path, uri: str, store: Source, report: Callable[[str], None]) -> bool:
    """Copy a file, unless the store has it; returns whether it was copied. An object appears whole or not at all."""
    address = resolve(store.model_copy(update={"uri": uri}), Path("/"))
    with _writing(file, address):
        size = file.stat().st_size
        system, path = filesystem(address, store)
        if system.exists(path) and system.size(path) == size:
            report(f"{address.shown} exists already")
            return False
        report(f"copying {file.name} ({size / MEGABYTE:,.1f} MB) to {address.shown}")
        system.put_file(str(file), path, callback=_progress(size, report))
        if system.size(path) != size:
            raise SourceError(
                f"{address.shown} has {system.size(path):,} bytes after copying, but the file has {size:,}"
            )
    return True


@contextlib.contextmanager
def _writing(file: Path, address: Address) -> Iterator[None]:
    """Convert errors of file systems, to one line without credentials."""
    try:
        yield
    except TenureError:
        raise
    except ImportError as error:
        raise InputError(f"no driver for {address.scheme}:// is installed: {address.clean(error)}") from None
    except FileNotFoundError as error:
        raise SourceError(f"cannot write {address.shown}: there is no such bucket ({address.clean(error)})") from None
    except OSError as error:
        if error.filename == str(file):
            raise DataError(f"cannot read {file}: {error.strerror}") from error
        raise SourceError(f"cannot write {address.shown}: {address.clean(error)}") from None
    except Exception as error:
        # Clients of object stores have their own exceptions (botocore, aiohttp), for outages and denied access.
        raise SourceError(f"cannot write {address.shown}: {address.clean(error)}") from None


def _progress(size: int, report: Callable[[str], None]) -> Any:
    """A callback for fsspec that reports the progress of a long copy at intervals."""
    from fsspec.callbacks import Callback

    reported_at = time.monotonic()

    def update(_size: int, value: int, **_: Any) -> None:
        nonlocal reported_at
        now = time.monotonic()
        if now - reported_at >= PROGRESS_INTERVAL_S and size:
            reported_at = now
            report(f"copied {value / MEGABYTE:,.0f} of {size / MEGABYTE:,.0f} MB, {100 * value / size:.0f} %")

    return Callback(size=size, hooks={"report": update})
