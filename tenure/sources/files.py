"""Opens files of tables: local and, by fsspec, remote; compressed or not."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError, SourceError, TenureError
from tenure.sources.address import Address
from tenure.sources.magic import LONGEST, codec_of
from tenure.sources.watchdog import watched_once

COMPRESSED = (".gz", ".bz2", ".zst", ".zip")
"""Suffixes of compressed files; whether a file is compressed is told from its first bytes."""
DAMAGED_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What ``zipfile`` raises; NotImplementedError for an unknown compression, RuntimeError for a password."""
HEAD_BYTES = 1 << 20
REMOTE_BLOCK_BYTES = 8 << 20
S3_ATTEMPTS = 2
"""Attempts of the S3 client for one request, each within the contract's ``timeout_s``."""


class FileReader(io.RawIOBase):
    """A file that is read from start to end; counts how much was read."""

    def __init__(self, file: BinaryIO, size: int | None = None) -> None:
        self._file = file
        self._head = b""
        self.size = size
        self._read = 0

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The first ``size`` bytes, which ``read`` returns again. Only before the first ``read``."""
        while len(self._head) < size and (more := self._file.read(size - len(self._head))):
            self._head += more
        return self._head

    def read(self, size: int = -1) -> bytes:
        found = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(found) :]
        if size < 0 or len(found) < size:
            found += self._file.read(size if size < 0 else size - len(found))
        self._read += len(found)
        return found

    @property
    def share(self) -> float | None:
        return min(self._read / self.size, 1.0) if self.size else None

    def close(self) -> None:
        self._file.close()
        super().close()


def open_file(address: Address, settings: Source) -> BinaryIO:
    """Open the file as it is stored; of an archive, the member that ``address`` names.

    Raises:
        DataError: the file does not exist or must not be read.
        SourceError: the store is down.
    """
    if address.member is not None:
        with open_archive(address, settings) as archive, reading(address):
            # The archive stays open until its member is closed.
            return cast(BinaryIO, archive.open(address.member))
    with reading(address):
        if address.scheme is None:
            path = Path(address.uri)
            if path.is_dir():
                raise DataError(f"{address.shown} is a folder, not a file")
            if path.exists() and not path.is_file():
                # A device may never end; a pipe can be read once, and its opening waits for a writer.
                raise DataError(f"{address.shown} is a device or a pipe: save the table in a file")
            return path.open("rb")
        system, path_in_store = filesystem(address, settings)
        return cast(BinaryIO, system.open(path_in_store, "rb", block_size=REMOTE_BLOCK_BYTES))


def open_archive(address: Address, settings: Source) -> zipfile.ZipFile:
    """Open a ZIP archive.

    Raises:
        DataError: the archive is damaged. DataError, SourceError: as ``open_file``.
    """
    with reading(address):
        local = address.scheme is None
        file = address.uri if local else open_file(dataclasses.replace(address, member=None), settings)
        try:
            return zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise DataError(f"{address.shown} is a damaged ZIP archive: {error}") from None


def open_text(address: Address, settings: Source) -> tuple[FileReader, FileReader]:
    """Open the file as it is stored, and its content, which is decompressed if it is compressed.

    Raises:
        DataError, SourceError: as ``open_file``.
    """
    file = open_file(address, settings)
    raw = FileReader(file, _size(address, file))
    with reading(address):
        codec = codec_of(raw.peek(LONGEST))
    if codec is None:
        return raw, raw
    return raw, FileReader(cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)))


def read_head(address: Address, settings: Source, size: int = HEAD_BYTES) -> bytes:
    """The first ``size`` bytes of the content.

    Raises:
        DataError, SourceError: as ``open_file``.
    """

    def read() -> bytes:
        raw, text = open_text(address, settings)
        try:
            with reading(address):
                return text.peek(size)
        finally:
            raw.close()

    return read() if address.scheme is None else watched_once(read, settings.timeout_s, address.shown)


def _size(address: Address, file: BinaryIO) -> int | None:
    if address.member is not None:
        return None
    return Path(address.uri).stat().st_size if address.scheme is None else getattr(file, "size", None)


def filesystem(address: Address, settings: Source) -> tuple[Any, str]:
    """The fsspec file system of a remote address, and the path in it."""
    import fsspec

    options: dict[str, Any] = {}
    if address.scheme in ("s3", "s3a"):
        whole_s = max(1, math.ceil(settings.timeout_s))
        options["config_kwargs"] = {
            "connect_timeout": whole_s,
            "read_timeout": whole_s,
            "retries": {"total_max_attempts": S3_ATTEMPTS},
        }
        if settings.endpoint_url:
            options["endpoint_url"] = settings.endpoint_url
    # A cached listing would hide that the file has changed.
    return cast("tuple[Any, str]", fsspec.core.url_to_fs(address.uri, use_listings_cache=False, **options))


@contextlib.contextmanager
def reading(address: Address) -> Iterator[None]:
    """Turn exceptions of file systems into Tenure's errors, in one line and without credentials."""
    try:
        yield
    except TenureError:
        raise
    except FileNotFoundError:
        raise DataError(f"no such file: {address.shown}") from None
    except ImportError as error:
        raise ContractError(f"'source.uri': no driver for {address.scheme}://: {address.clean(error)}") from None
    except OSError as error:
        if address.scheme is None:
            raise DataError(f"cannot read {address.shown}: {error.strerror or address.clean(error)}") from error
        raise SourceError(f"cannot read {address.shown}: {address.clean(error)}") from None
    except pa.ArrowException as error:
        raise DataError(f"cannot read {address.shown}: {address.clean(error)}") from error
    except Exception as error:
        if address.member is not None and isinstance(error, DAMAGED_ARCHIVE):
            raise DataError(f"cannot read {address.shown}: {address.clean(error)}") from None
        if address.scheme is None:
            raise
        # Clients of object stores (botocore, aiohttp) have exceptions of their own, all for failed requests.
        raise SourceError(f"cannot read {address.shown}: {address.clean(error)}") from None
