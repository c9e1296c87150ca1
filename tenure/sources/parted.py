"""A table in one or several files, read as one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import settings
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.parts import Part, list_parts
from tenure.sources.protocol import Batch, RejectedRow, Source
from tenure.sources.watchdog import watched_once

NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The folder's value of rows whose partition column is missing."""


class PartedTable:
    """The rows of the parts one after the other; their numbers run on.

    The parts must have the columns of the first one, in any order.
    """

    def __init__(
        self,
        address: Address,
        source: settings.Source,
        suffixes: Sequence[str],
        open_part: Callable[[Address, settings.Source], Source],
    ) -> None:
        """
        Args:
            address: of a file, of a folder or of a ZIP archive.
            source: how the parts are written.
            suffixes: of the parts in a folder or an archive.
            open_part: opens one file.
        """
        self._address = address
        self._settings = source
        self._suffixes = suffixes
        self._open = open_part

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        return list(self._columns)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        wanted = list(self._columns if columns is None else columns)
        above = 0
        for position, part in enumerate(self._parts):
            with contextlib.closing(self._open(part.address, self._settings)) as source:
                own = source.columns()
                self._check(part, own, wanted, every=columns is None)
                last = above
                for batch in source.batches([name for name in wanted if name in own]):
                    moved = _moved(batch, above)
                    last = max(last, _last_number(moved))
                    share = self._share(position, batch.share)
                    yield replace(moved, columns=_complete(batch.columns, part.partition, wanted), share=share)
                above = last

    def _share(self, position: int, share: float | None) -> float | None:
        """The share of the table that has been read, where ``share`` of a part is."""
        parts = len(self._parts)
        return share if parts == 1 else (position + (share or 0.0)) / parts

    def close(self) -> None:
        """Does nothing: files are open only while they are read."""

    @cached_property
    def _parts(self) -> list[Part]:
        def find() -> list[Part]:
            return list_parts(self._address, self._settings, self._suffixes)

        if self._address.scheme is None:
            return find()
        return watched_once(find, self._settings.timeout_s, self.shown)

    @cached_property
    def _columns(self) -> list[str]:
        first = self._parts[0]
        with contextlib.closing(self._open(first.address, self._settings)) as source:
            own = source.columns()
        return own + [name for name in first.partition if name not in own]

    def _check(self, part: Part, own: list[str], wanted: list[str], every: bool) -> None:
        """
        Raises:
            DataError: the part's columns are not those of the first part.
        """
        first = self._parts[0].address.shown
        found = {*own, *part.partition}
        lacking = [name for name in wanted if name not in found]
        if lacking:
            raise DataError(f"{part.address.shown} lacks the column '{lacking[0]}', which {first} has")
        more = [name for name in own if name not in wanted]
        if every and more:
            raise DataError(f"{part.address.shown} has the column '{more[0]}', which {first} lacks")


def _moved(batch: Batch, above: int) -> Batch:
    """``batch`` with the numbers of its rows raised by ``above``."""
    if not above:
        return batch
    rejected = tuple(RejectedRow(row.row + above, row.kind, row.reason, row.text) for row in batch.rejected)
    return replace(batch, rows=pc.add(batch.rows, above), rejected=rejected)


def _last_number(batch: Batch) -> int:
    rejected = max((row.row for row in batch.rejected), default=0)
    return max(rejected, batch.rows[-1].as_py()) if len(batch.rows) else rejected


def _complete(batch: pa.RecordBatch, partition: dict[str, str], wanted: list[str]) -> pa.RecordBatch:
    """The columns in the order of ``wanted``, with those of the partition."""
    if batch.schema.names == wanted:
        return batch
    own = set(batch.schema.names)
    arrays = [batch.column(name) if name in own else _constant(partition[name], batch.num_rows) for name in wanted]
    return pa.RecordBatch.from_arrays(arrays, names=wanted)


def _constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(None if value == NO_PARTITION else value, pa.string()), rows)
