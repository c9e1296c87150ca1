"""A table of customers to predict for: the model's columns, read batch by batch and parsed as in training."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tenure.contract import Column, Contract
from tenure.contract.settings import Source as SourceSettings
from tenure.errors import DataError
from tenure.parsing import ROW, parse_batch
from tenure.parsing.parse import default_of
from tenure.sources import RejectedRow, open_source


@dataclass
class Customers:
    """Reads the key, the inputs of a model and the optional columns of the day. A label is neither needed nor read."""

    contract: Contract
    """The model's."""
    table: SourceSettings | pa.Table
    """Address of the table, or the table in memory."""
    base_folder: Path
    """Folder that a relative address starts from."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that could not be read, by reason; grows as batches are read."""
    share: float | None = None
    """Share of the table that has been read, 0 to 1; None where it is unknown."""

    @property
    def shown(self) -> str:
        """The table's address, without credentials.

        Raises:
            ContractError: as ``tenure.sources.open_source``.
        """
        return open_source(self.table, self.base_folder).shown

    def batches(self) -> Iterator[tuple[pa.RecordBatch, list[RejectedRow]]]:
        """Batches of the rows that parse (key, inputs, columns of the day, ``_row``), with the rows that do not.

        Raises:
            DataError: the table cannot be read, or lacks a column that the model needs.
            ContractError, SourceError: as ``tenure.sources.Source``.
        """
        key = {name: self.contract.columns[name] for name in self.contract.columns_of("key")}
        wanted = {**key, **self.contract.accepted}
        with contextlib.closing(open_source(self.table, self.base_folder)) as source:
            found = set(source.columns())
            missing = [name for name, column in wanted.items() if name not in found and column.required]
            if missing and self.contract.events is not None and self.contract.time in found:
                raise DataError(
                    f"{source.shown} is an event log; the model takes one row per customer, as of the day of the "
                    f"prediction: {', '.join(wanted)}"
                )
            if missing:
                raise DataError(f"{source.shown} lacks columns that the model needs: {', '.join(missing)}")
            present = {name: column for name, column in wanted.items() if name in found}
            defaulted = {n: c for n, c in wanted.items() if n not in found and c.default is not None}
            for batch in source.batches(list(present)):
                parsed, faults = parse_batch(batch.columns, present)
                bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
                self.rejected.update(row.kind for row in bad)
                self.share = batch.share
                complete = _with_defaults(parsed, defaulted).append_column(ROW, batch.rows.cast(pa.int64()))
                yield (complete.filter(pa.array(~faults.bad)) if faults.bad.any() else complete), bad


def _with_defaults(batch: pa.RecordBatch, columns: dict[str, Column]) -> pa.RecordBatch:
    for name, column in columns.items():
        batch = batch.append_column(name, pa.array([default_of(name, column)] * batch.num_rows))
    return batch
