"""The customers that are compared with a model's reference: from tables, or from the prediction log."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from tenure.bundle import Bundle
from tenure.checks.result import TableCounts
from tenure.contract.settings import Source
from tenure.contract.sources import assembly_of
from tenure.errors import DataError, InputError
from tenure.features.current import AsOf, current_customers
from tenure.features.customers_at import CustomersAt
from tenure.features.instants import instant_text
from tenure.monitoring.answered import Answered
from tenure.progress import progress
from tenure.stats import Sketch
from tenure.stats.row_sample import Sample

SAMPLE_ROWS = 5_000
"""Rows kept of a table, for scoring and for evidently."""

Table: TypeAlias = Source | pa.Table | Path | str | Mapping[str, Source | pa.Table]
"""Where customers are: a contract's source, an Arrow table, a path or address; or the tables, by name, from which the
model's inputs are computed."""


@dataclass(frozen=True)
class Observed:
    """What is kept of a table's rows."""

    source: str
    """Where they come from, without credentials."""
    sketch: Sketch
    """Of the model's inputs that the table has."""
    sample: pa.Table
    """At most ``SAMPLE_ROWS`` of the rows, parsed."""
    rejected: Counter[str]
    """Number of rows that do not parse, by reason."""
    notes: tuple[str, ...] = ()
    """What a reader of the comparison must know."""
    tables: Mapping[str, TableCounts] = field(default_factory=dict)
    """Numbers of rows of the tables that inputs were computed from."""

    @property
    def rows(self) -> int:
        """Rows that parse, or customers whose inputs were computed."""
        return self.sketch.rows

    @property
    def rejected_share(self) -> float:
        """Share of the rows that do not parse; of several tables the largest."""
        if self.tables:
            return max(counts.rejected / max(counts.read, 1) for counts in self.tables.values())
        return self.rejected.total() / (self.rows + self.rejected.total())


def read_table(model: Bundle, table: Table, base_folder: Path, as_of: AsOf = None, day: date | None = None) -> Observed:
    """Read a whole table in bounded memory, or compute the inputs from tables as of an instant.

    Raises:
        DataError: the table cannot be read, lacks a column that the model needs, or more of its rows are rejected than
            ``quality.max_rejected_share`` allows.
        InputError: ``as_of`` is not an instant, lies in the far future, or is given with rows that have inputs; ``day``
            is given with tables.
        ContractError, SourceError: as ``tenure.sources``.
    """
    data = Source(uri=str(table)) if isinstance(table, Path | str) else table
    customers = current_customers(model.contract, data, base_folder, as_of=as_of, day=day)
    sketch, sample = None, Sample(SAMPLE_ROWS)
    with tempfile.TemporaryDirectory(prefix="tenure-monitor-") as work:
        if isinstance(customers, CustomersAt):
            customers.work = Path(work)
        for batch, _ in customers.batches():
            if sketch is None:
                sketch = _empty_sketch(model, batch.schema)
            sketch.add(batch)
            sample.add(batch)
    customers.require_readable()
    found = Observed(customers.shown, sketch or Sketch({}), sample.rows, customers.rejected)
    if not isinstance(customers, CustomersAt):
        return found
    zone = assembly_of(model.contract).zone
    notes = (f"inputs of the current customers as of {instant_text(customers.instant, zone)}", *customers.warnings())
    return replace(found, notes=notes, tables=customers.counts)


def read_current(
    model: Bundle, table: Table, base_folder: Path, as_of: AsOf = None, day: date | None = None
) -> Observed:
    """Read the current customers from a table, or from tables as of an instant.

    Raises:
        DataError: as ``read_table``, or fewer rows can be read than ``quality.min_rows``.
        ContractError, SourceError: as ``tenure.sources``.
    """
    progress("reading the current customers")
    found = read_table(model, table, base_folder, as_of, day)
    least = model.contract.quality.min_rows
    if found.rows < least:
        raise DataError(f"{found.source}: {found.rows:,} rows can be read, 'quality.min_rows' asks for {least:,}")
    return found


def read_reference(model: Bundle, table: Table, base_folder: Path) -> Observed:
    """Read the reference table.

    Raises:
        DataError: as ``read_table``, or no row can be read.
        InputError: ``table`` is tables by name.
        ContractError, SourceError: as ``tenure.sources``.
    """
    progress("reading the reference")
    if isinstance(table, Mapping):
        raise InputError("the reference is one table of rows with the model's inputs, not tables to compute them from")
    found = read_table(model, table, base_folder)
    if not found.rows:
        raise DataError(f"{found.source}: no row of the reference can be read")
    return found


def of_log(model: Bundle, answered: Answered) -> Observed:
    """Read the current customers from the rows of a prediction log."""
    progress("reading the customers in the prediction log")
    batch, rejected = answered.inputs(model)
    sketch, sample = _empty_sketch(model, batch.schema), Sample(SAMPLE_ROWS)
    sketch.add(batch)
    sample.add(batch)
    return Observed(answered.location, sketch, sample.rows, rejected)


def _empty_sketch(model: Bundle, schema: pa.Schema) -> Sketch:
    return Sketch({name: column for name, column in model.contract.inputs.items() if name in schema.names})
