"""Distributions of the good rows, kept for later comparisons, and computed again from the files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pyarrow.compute as pc

from tenure.checks.parsed import batches
from tenure.contract import Contract
from tenure.contract.sources import described, sources_of, table_folder
from tenure.parsing import table_columns
from tenure.stats import Profile, Sketch


def sketch_for(contract: Contract, table: str | None) -> Sketch:
    """An empty sketch of a table's columns, without those that identify a customer or a row.

    Args:
        contract: describes the columns.
        table: the table's name, as for ``table_columns``.
    """
    columns = table_columns(contract, table)
    return Sketch({name: column for name, column in columns.items() if column.role not in ("key", "row_id")})


def sketches_of(contract: Contract, valid: Path) -> dict[str | None, Sketch]:
    """The sketches that ``validate`` returned, computed again from the good rows that it wrote to ``valid``."""
    found = {}
    for table in sources_of(contract):
        sketch = found[table] = sketch_for(contract, table)
        for batch in batches(table_folder(valid, table) / "data.parquet"):
            sketch.add(batch)
    return found


def newest_of(contract: Contract, valid: Path, table: str | None = None) -> date | datetime | None:
    """The latest time of a table's good rows; None where rows have no time."""
    time = described(contract, table).time
    if time is None:
        return None
    data = table_folder(valid, table) / "data.parquet"
    return max((pc.max(batch.column(0)).as_py() for batch in batches(data, [time])), default=None)


def profile_of(contract: Contract, sketches: Mapping[str | None, Sketch]) -> Profile:
    """The profile of the feature columns: of one table, or of each of several tables apart.

    Args:
        contract: says which columns are features.
        sketches: of the good rows, by table.
    """
    profiles = {
        table: Profile.of(sketch, [n for n in described(contract, table).columns_of("feature") if n in sketch.columns])
        for table, sketch in sketches.items()
    }
    if len(profiles) == 1:
        return next(iter(profiles.values()))
    rows = min((profile.rows for profile in profiles.values()), default=0)
    return Profile(rows, {}, {str(table): profile for table, profile in profiles.items()})
