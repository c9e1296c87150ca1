"""A sheet of a workbook as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.formats.xlsx.cells import to_array
from tenure.sources.formats.xlsx.grid import Grid, find_grid
from tenure.sources.formats.xlsx.workbook import read_sheet
from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch

BATCH_ROWS = 65_536


class SheetTable:
    """The sheet that ``read_sheet`` chooses. Blank rows are skipped."""

    def __init__(self, address: Address, source: settings.Source) -> None:
        self._address = address
        self._settings = source

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        return unique_names(self._grid.fields)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self.columns()
        wanted = names if columns is None else list(columns)
        arrays = [to_array(self._grid.columns[names.index(name)]) for name in wanted]
        rows = self._grid.rows
        for start in range(0, rows, BATCH_ROWS):
            batch = pa.RecordBatch.from_arrays([array.slice(start, BATCH_ROWS) for array in arrays], names=wanted)
            last = min(start + BATCH_ROWS, rows)
            yield Batch(batch, pa.array(np.arange(start + 1, last + 1, dtype=np.int64)), (), last / rows)

    def close(self) -> None:
        """Does nothing: the file is open only while it is read."""

    @cached_property
    def _grid(self) -> Grid:
        return find_grid(read_sheet(self._address, self._settings), self._settings, self._address)
