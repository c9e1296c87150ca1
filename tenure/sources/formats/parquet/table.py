"""A Parquet file, read by row groups."""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.errors import DataError
from tenure.sources.file_table import FileTable
from tenure.sources.files import open_file, reading
from tenure.sources.formats.parquet.cells import readable
from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch

BATCH_ROWS = 65_536
BUFFER_BYTES = 1 << 20
"""Read buffer per column: without it a whole column of a row group is held in memory."""


class ParquetTable(FileTable):
    """A Parquet file."""

    def columns(self) -> list[str]:
        return unique_names(self.fields)

    @cached_property
    def fields(self) -> list[str]:
        """The names as they stand in the file."""
        return self._once(self._names)

    def _names(self) -> list[str]:
        with reading(self._address):
            file = self._open()
            try:
                return list(file.schema_arrow.names)
            finally:
                file.close(force=True)

    def _read(self, wanted: list[str]) -> Generator[Batch, None, None]:
        names = self.columns()
        places = [names.index(name) for name in wanted]
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
