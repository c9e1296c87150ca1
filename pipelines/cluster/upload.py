"""A table of this machine, copied to where a cluster reads it: an object store, under a name made of its content.

The name makes copying again cheap and safe: the same table is there already, another one goes elsewhere, and a step
cache sees by the address whether anything changed.
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
from tenure.errors import DataError, InputError, SourceError, TenureError
from tenure.sources.address import Address, resolve
from tenure.sources.factory import format_of
from tenure.sources.files import filesystem

STORE_VARIABLE = "TENURE_DATA_STORE"
NAME_DIGITS = 20
"""Of the content's SHA-256, in the address."""
TELL_EVERY_S = 5.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class Upload:
    """A copy to make."""

    files: tuple[tuple[Path, str], ...]
    """Each file, and its address."""
    fingerprint: str
    """Of the content that the address is named after."""
    source: Address
    store: Source
    """How the store is reached."""

    def carry_out(self, tell: Callable[[str], None]) -> None:
        """Copy what is not there yet.

        Raises:
            DataError: a file cannot be read, or was changed meanwhile.
            SourceError: the store is down, hangs or refuses, or has no such bucket.
            InputError: no driver for the store is installed.
        """
        copied = [_copy(file, uri, self.store, tell) for file, uri in self.files]
        if any(copied) and data_fingerprint(self.source, self.store) != self.fingerprint:
            raise DataError(f"{self.source.shown} was changed while it was copied: submit again")


def planned(request: Request, store: str) -> tuple[Request, Upload] | None:
    """The request with its table in ``store``, and the copy that it takes; None if the table is no local file.

    Args:
        request: what to run on.
        store: a folder of an object store, such as ``s3://tenure-data/datasets``.

    Raises:
        InputError: ``store`` is no such folder.
        DataError: the table cannot be read.
    """
    settings = request.contract.source
    source = resolve(settings, request.path.parent)
    if source.scheme is not None or not format_of(source, settings).is_files:
        return None
    scheme, separator, place = store.partition("://")
    if not separator or scheme in ("file", "local") or not place.strip("/"):
        raise InputError(f"'{store}' is no folder of an object store, such as s3://bucket/folder")
    path = Path(source.uri)
    folder = f"{store.rstrip('/')}/{request.contract.name}/{request.fingerprint[:NAME_DIGITS]}"
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
    upload = Upload(files, request.fingerprint, source, settings)
    return read_from(request, f"{folder}/{path.name}"), upload


def _copy(file: Path, uri: str, store: Source, tell: Callable[[str], None]) -> bool:
    """Copy a file unless it is there; whether it was not. An object appears whole or not at all."""
    address = resolve(store.model_copy(update={"uri": uri}), Path("/"))
    with _writing(file, address):
        size = file.stat().st_size
        system, path = filesystem(address, store)
        if system.exists(path) and system.size(path) == size:
            tell(f"{address.shown} is there already")
            return False
        tell(f"copying {file.name} ({size / MEGABYTE:,.1f} MB) to {address.shown}")
        system.put_file(str(file), path, callback=_progress(size, tell))
        if system.size(path) != size:
            raise SourceError(f"{address.shown} has {system.size(path):,} bytes after copying, and not {size:,}")
    return True


@contextlib.contextmanager
def _writing(file: Path, address: Address) -> Iterator[None]:
    """Turn what file systems raise into our errors, in one line and without credentials."""
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
        # Clients of object stores have trees of their own (botocore, aiohttp): down or refusing, all of them.
        raise SourceError(f"cannot write {address.shown}: {address.clean(error)}") from None


def _progress(size: int, tell: Callable[[str], None]) -> Any:
    """A callback for fsspec that tells now and then how much of a long copy is behind."""
    from fsspec.callbacks import Callback

    told_at = time.monotonic()

    def hear(_size: int, value: int, **_: Any) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= TELL_EVERY_S and size:
            told_at = now
            tell(f"copied {value / MEGABYTE:,.0f} of {size / MEGABYTE:,.0f} MB, {100 * value / size:.0f} %")

    return Callback(size=size, hooks={"tell": hear})
