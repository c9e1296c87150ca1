"""A table of customers to predict for: the columns a model takes, read by batches and parsed as in training."""

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
from tenure.parsing import ROW, parse_batch, parse_value
from tenure.sources import RejectedRow, open_source


@dataclass
class Customers:
    """Reads the key and the inputs of a model. A label is neither needed nor looked at."""

    contract: Contract
    """Of the model."""
    settings: SourceSettings
    """Where the table is."""
    base_folder: Path
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that could not be read, by reason; grows as batches are read."""
    share: float | None = None
    """How much of the table is read by now, 0 to 1."""

    def batches(self) -> Iterator[tuple[pa.RecordBatch, list[RejectedRow]]]:
        """The rows that parse (key, inputs, ``_row``), and those that do not.

        Raises:
            DataError: the table cannot be read, or lacks a column that the model needs.
            ContractError, SourceError: as ``tenure.sources``.
        """
        key = self.contract.key
        wanted = {key: self.contract.columns[key], **self.contract.inputs}
        with contextlib.closing(open_source(self.settings, self.base_folder)) as source:
            found = set(source.columns())
            lacking = [name for name, column in wanted.items() if name not in found and column.required]
            if lacking and self.contract.events is not None and self.contract.time in found:
                raise DataError(
                    f"{source.shown} is an event log, and the model takes a row a customer, as of the day of the "
                    f"prediction: {key}, {', '.join(self.contract.inputs)}"
                )
            if lacking:
                raise DataError(f"{source.shown} lacks what the model needs: {', '.join(lacking)}")
            present = {name: column for name, column in wanted.items() if name in found}
            filled = {n: c for n, c in wanted.items() if n not in found and c.default is not None}
            for batch in source.batches(list(present)):
                parsed, faults = parse_batch(batch.columns, present)
                bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
                self.rejected.update(row.kind for row in bad)
                self.share = batch.share
                whole = _fill(parsed, filled).append_column(ROW, batch.rows.cast(pa.int64()))
                yield (whole.filter(pa.array(~faults.bad)) if faults.bad.any() else whole), bad


def _fill(batch: pa.RecordBatch, columns: dict[str, Column]) -> pa.RecordBatch:
    for name, column in columns.items():
        value = parse_value(str(column.default), name, column, f"columns.{name}.default")
        batch = batch.append_column(name, pa.array([value] * batch.num_rows))
    return batch
