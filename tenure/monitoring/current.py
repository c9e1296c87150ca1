"""The customers that are compared with a model's reference: from a table, or from the prediction log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from tenure.bundle import Bundle
from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.intake.customers import Customers
from tenure.monitoring.answered import Answered
from tenure.progress import progress
from tenure.stats import Sketch
from tenure.stats.row_sample import Sample

SAMPLE_ROWS = 5_000
"""Rows kept of a table, for scoring and for evidently."""

Table: TypeAlias = Source | pa.Table | Path | str
"""Where customers are: a contract's source, an Arrow table, or a path or address."""


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

    @property
    def rows(self) -> int:
        """Rows that parse."""
        return self.sketch.rows


def read_table(model: Bundle, table: Table, base_folder: Path) -> Observed:
    """Read a whole table in bounded memory.

    Raises:
        DataError: the table cannot be read, lacks a column that the model needs, or more of its rows are rejected than
            ``quality.max_rejected_share`` allows.
        ContractError, SourceError: as ``tenure.sources``.
    """
    source = table if isinstance(table, Source | pa.Table) else Source(uri=str(table))
    customers = Customers(model.contract, source, base_folder)
    sketch, sample = None, Sample(SAMPLE_ROWS)
    for batch, _ in customers.batches():
        if sketch is None:
            sketch = _empty_sketch(model, batch.schema)
        sketch.add(batch)
        sample.add(batch)
    customers.require_readable()
    return Observed(customers.shown, sketch or Sketch({}), sample.rows, customers.rejected)


def read_current(model: Bundle, table: Table, base_folder: Path) -> Observed:
    """Read the current customers from a table.

    Raises:
        DataError: as ``read_table``, or fewer rows can be read than ``quality.min_rows``.
        ContractError, SourceError: as ``tenure.sources``.
    """
    progress("reading the current customers")
    found = read_table(model, table, base_folder)
    least = model.contract.quality.min_rows
    if found.rows < least:
        raise DataError(f"{found.source}: {found.rows:,} rows can be read, 'quality.min_rows' asks for {least:,}")
    return found


def read_reference(model: Bundle, table: Table, base_folder: Path) -> Observed:
    """Read the reference table.

    Raises:
        DataError: as ``read_table``, or no row can be read.
        ContractError, SourceError: as ``tenure.sources``.
    """
    progress("reading the reference")
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
