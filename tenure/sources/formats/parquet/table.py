"""A Parquet file, read by row groups."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.contract import settings
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.files import open_file, reading
from tenure.sources.formats.parquet.cells import readable
from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch
from tenure.sources.watchdog import watched, watched_once

BATCH_ROWS = 65_536
BUFFER_BYTES = 1 << 20
"""Read buffer per column: without it a whole column of a row group is held in memory."""


class ParquetTable:
    """A Parquet file."""

    def __init__(self, address: Address, source: settings.Source) -> None:
        self._address = address
        self._settings = source

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        return unique_names(self.fields)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self.columns()
        wanted = names if columns is None else list(columns)
        places = [names.index(name) for name in wanted]
        if self._address.scheme is None:
            return self._read(wanted, places)
        return watched(lambda: self._read(wanted, places), self._settings.timeout_s, self.shown)

    def close(self) -> None:
        """Does nothing: the file is open only while it is read."""

    @cached_property
    def fields(self) -> list[str]:
        """The names as they stand in the file."""
        remote = self._address.scheme is not None
        return watched_once(self._names, self._settings.timeout_s, self.shown) if remote else self._names()

    def _names(self) -> list[str]:
        with reading(self._address):
            file = self._open()
            try:
                return list(file.schema_arrow.names)
            finally:
                file.close(force=True)

    def _read(self, wanted: list[str], places: list[int]) -> Generator[Batch, None, None]:
        # A repeated name means several columns: all are read, and the wanted ones are taken by their position.
        repeated = len(set(self.fields)) < len(self.fields)
        own = None if repeated else [self.fields[place] for place in places]
        with reading(self._address):
            file = self._open()
            try:
                last, total = 0, file.metadata.num_rows
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=own, use_threads=False):
                    rows = pa.array(np.arange(last + 1, last + 1 + batch.num_rows, dtype=np.int64))
                    last += batch.num_rows
                    columns = [batch.column(place) for place in places] if own is None else batch.select(own).columns
                    columns = [readable(column) for column in columns]
                    yield Batch(pa.RecordBatch.from_arrays(columns, names=wanted), rows, (), last / max(total, 1))
            finally:
                file.close(force=True)

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(
                open_file(self._address, self._settings), buffer_size=BUFFER_BYTES, page_checksum_verification=True
            )
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(
                f"{self.shown} is not a Parquet file, or is damaged: {self._address.clean(error)}"
            ) from None
