"""What became of the rows of each table: nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial

import numpy as np
import pyarrow as pa

from tenure.checks.tables.times import before, late
from tenure.contract import Contract
from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.count_text import rows as rows_text
from tenure.features.arrays import whole_array
from tenure.features.customers import number_customers
from tenure.features.engines.choice import choose
from tenure.features.engines.engine import Engine
from tenure.features.row_times import NEVER, RowTimes
from tenure.features.tables import Tables


@dataclass(frozen=True)
class Usage:
    """Numbers of rows of one table. A row may be in several of them."""

    rows: int = 0
    orphaned: int = 0
    """Of customers whom the entity lacks; in none of the numbers below."""
    used: int = 0
    """That count at one of the instants at least."""
    late: int = 0
    """That became known on a later day than that of their time."""
    superseded: int = 0
    """Replaced by a later version."""
    duplicates: int = 0
    """Equal to another version of the same row that became known at the same time."""
    known_before_time: int = 0
    not_yet: int = 0
    """That happen, or become known, after the last of the instants."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def phrase(self) -> str:
        """For messages: ``7,043 rows, 6,900 used, 12 late, 3 superseded``."""
        others = {
            "orphaned": self.orphaned,
            "late": self.late,
            "superseded": self.superseded,
            "duplicates": self.duplicates,
            "known before their time": self.known_before_time,
            "after the last instant": self.not_yet,
        }
        named = "".join(f", {number:,} {what}" for what, number in others.items() if number)
        return f"{rows_text(self.rows)}, {self.used:,} used{named}"


def usage(
    contract: Contract, tables: Tables, instants: Sequence[int], engine: Engine | None = None
) -> dict[str, Usage]:
    """What becomes of the rows of each table at some instants.

    Args:
        contract: one whose features are computed from tables.
        tables: its parsed tables.
        instants: microseconds since 1970-01-01 in UTC; one at least.
        engine: what deals the customers; chosen by the size of the tables without it.

    Raises:
        DataError: a key or a time is missing.
    """
    assembly = assembly_of(contract)
    columns = {name: table.columns_of("key", "time", "known_at", "row_id") for name, table in assembly.tables.items()}
    found = {name: Usage() for name in assembly.tables}
    for batch in (engine or choose(tables)).map(contract, tables, columns, partial(_of_customers, instants=instants)):
        for row in batch.to_pylist():
            found[row.pop("table")] += Usage(**row)
    # Engines need not deal rows of customers whom the entity lacks.
    rows = {name: tables.rows[name].count for name in found}
    return {
        name: replace(each, rows=rows[name], orphaned=each.orphaned + rows[name] - each.rows)
        for name, each in found.items()
    }


def _of_customers(assembly: Assembly, tables: Mapping[str, pa.Table], instants: Sequence[int]) -> pa.Table:
    """One row a table."""
    _, codes = number_customers(assembly, tables)
    found = [
        {"table": name, **asdict(_usage(assembly, name, tables[name], codes[name], instants))}
        for name in assembly.tables
    ]
    return pa.Table.from_pylist(found)


def _usage(assembly: Assembly, name: str, table: pa.Table, codes: Codes, instants: Sequence[int]) -> Usage:
    own = np.flatnonzero(codes >= 0)
    described = assembly.tables[name]
    rows, has_time = RowTimes.of(assembly, name, table).take(own), described.time is not None
    superseded = np.full(len(own), NEVER, dtype=np.int64)
    earlier, later = rows.versions(codes[own])
    superseded[earlier] = rows.known[later]
    used = np.zeros(len(own), dtype=bool)
    for instant in instants:
        known_by = rows.clock.known_by(instant)
        counts = (rows.known <= known_by) & (known_by < superseded)
        used |= counts & (rows.times < rows.clock.seen_at(instant)) if has_time else counts
    last = max(instants)
    not_yet = rows.known > rows.clock.known_by(last)
    if has_time:
        not_yet |= rows.times >= rows.clock.seen_at(last)
    duplicates = int((rows.known[earlier] == rows.known[later]).sum())
    behind = early = 0
    if described.time is not None and described.known_at is not None:
        time, known = (
            whole_array(table.column(column)).take(pa.array(own)) for column in (described.time, described.known_at)
        )
        behind = int(late(time, known, rows.clock.zone).sum())
        early = int(before(known, time, rows.clock.zone).sum())
    return Usage(
        rows=table.num_rows,
        orphaned=table.num_rows - len(own),
        used=int(used.sum()),
        late=behind,
        superseded=len(earlier) - duplicates,
        duplicates=duplicates,
        known_before_time=early,
        not_yet=int(not_yet.sum()),
    )
