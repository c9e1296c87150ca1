"""A Parquet file, or a folder of them, read by row groups."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.contract import settings
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.files import filesystem, open_file, reading
from tenure.sources.protocol import Batch
from tenure.sources.watchdog import watched, watched_once

BATCH_ROWS = 65_536
BUFFER_BYTES = 1 << 20
"""Read buffer per column: without it a whole column of a row group is held in memory."""


class ParquetTable:
    """A Parquet file; or the ``*.parquet`` files of a folder in the order of their names, as one table."""

    def __init__(self, address: Address, source: settings.Source) -> None:
        self._address = address
        self._settings = source
        self._names: list[str] | None = None

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        if self._names is None:
            remote = self._address.scheme is not None
            self._names = (
                watched_once(self._read_names, self._settings.timeout_s, self.shown) if remote else self._read_names()
            )
        return list(self._names)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self.columns()
        wanted = names if columns is None else list(columns)
        if self._address.scheme is None:
            return self._read(wanted)
        return watched(lambda: self._read(wanted), self._settings.timeout_s, self.shown)

    def close(self) -> None:
        """Does nothing: files are open only while they are read."""

    def _read_names(self) -> list[str]:
        with reading(self._address):
            file = self._open(self._files()[0])
            try:
                names: list[str] = file.schema_arrow.names
            finally:
                file.close(force=True)
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise DataError(f"{self.shown} has more than one column named '{min(repeated)}'")
        return names

    def _read(self, wanted: list[str]) -> Generator[Batch, None, None]:
        with reading(self._address):
            files = self._files()
            last = 0
            for position, address in enumerate(files):
                file = self._open(address)
                try:
                    lacking = [name for name in wanted if name not in file.schema_arrow.names]
                    if lacking:
                        raise DataError(f"{address.shown} lacks the column '{lacking[0]}', which {files[0].shown} has")
                    before, total = last, file.metadata.num_rows
                    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
                        rows = pa.array(np.arange(last + 1, last + 1 + batch.num_rows, dtype=np.int64))
                        last += batch.num_rows
                        share = (position + (last - before) / max(total, 1)) / len(files)
                        yield Batch(batch.select(wanted), rows, (), share)
                finally:
                    file.close(force=True)

    def _open(self, address: Address) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(
                open_file(address, self._settings), buffer_size=BUFFER_BYTES, page_checksum_verification=True
            )
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(f"{address.shown} is not a Parquet file, or is damaged: {address.clean(error)}") from None

    def _files(self) -> list[Address]:
        """The files of the table, in order."""
        if self._address.scheme is None:
            folder = Path(self._address.uri)
            if not folder.is_dir():
                return [self._address]
            paths = sorted(str(path) for path in folder.glob("*.parquet"))
            found = [Address(path, path) for path in paths]
        else:
            system, path = filesystem(self._address, self._settings)
            if not system.isdir(path):
                return [self._address]
            paths = sorted(name for name in system.ls(path, detail=False) if name.endswith(".parquet"))
            found = [
                Address(system.unstrip_protocol(name), system.unstrip_protocol(name), self._address.secrets)
                for name in paths
            ]
        if not found:
            raise DataError(f"{self.shown} is a folder without .parquet files")
        return found
