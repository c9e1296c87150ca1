"""Writes the tables of a business, block by block."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.atomic import write_text
from tenure.count_text import customers as customers_text
from tenure.count_text import rows as rows_text
from tenure.errors import InputError
from tenure.generators.block import SIZE, Block
from tenure.generators.business import Business, Rows, Table
from tenure.generators.calendar import DAY
from tenure.generators.dataset import COMPLETE_FILE
from tenure.generators.finding import find
from tenure.generators.truth import TABLE_FILE, Score, truth_table
from tenure.generators.writing import writing
from tenure.progress import progress


@dataclass(frozen=True)
class Generated:
    """What was written."""

    folder: Path
    summary: Mapping[str, Any]
    """``truth.json``."""


def generate(name: str, folder: Path, *, customers: int | None = None, seed: int = 1) -> Generated:
    """Write the tables of a business, ``truth.parquet`` and ``truth.json`` to a folder.

    The same name, number of customers and seed give the same files; the first customers of a larger table are the
    same as those of a smaller one. Memory does not grow with the number of customers.

    Args:
        name: the business.
        folder: it is created where it is missing; generated files in it are replaced.
        customers: how many; by default as many as the business says.
        seed: of all random draws.

    Raises:
        InputError: there is no such business, or a file in the folder would be overwritten that was not generated.
        StorageError: the disk is full or cannot be written.
    """
    business = find(name)
    total = business.customers if customers is None else customers
    if total < 1:
        raise InputError(f"{total} customers: at least one is needed")
    _refuse_foreign_files(business, folder)
    tallies = {table: Tally() for table in business.tables}
    scores = {cut: Score() for cut in business.cuts}
    with contextlib.ExitStack() as files:
        writers = {
            table: files.enter_context(writing(folder / declared.file, declared.schema))
            for table, declared in business.tables.items()
        }
        truths: Any = None
        for number in range(-(-total // SIZE)):
            progress(f"customers of {name}", number * SIZE, total)
            simulated = business.simulate(Block(name, seed, number, SIZE))
            size = min(SIZE, total - number * SIZE)
            for table, declared in business.tables.items():
                written = _table(business, declared, simulated.tables[table], simulated.keys, size)
                tallies[table].add(written, declared)
                writers[table].write(written)
            truth = truth_table(business, simulated, size)
            if truths is None:
                truths = files.enter_context(writing(folder / TABLE_FILE, truth.schema))
            truths.write(truth)
            for each in simulated.truths:
                scores[each.cut].add(each, size)
        progress(f"customers of {name}", total, total)
    summary = _summary(business, {"business": name, "customers": total, "seed": seed}, tallies, scores)
    write_text(folder / COMPLETE_FILE, json.dumps(summary, indent=2) + "\n")
    return Generated(folder, summary)


@dataclass
class Tally:
    """Rows of a table, counted as they are written."""

    rows: int = 0
    late: int = 0
    """Rows that became known a day or more after they happened."""
    corrections: int = 0
    """Rows that are a later version of another."""

    def add(self, rows: pa.Table, declared: Table) -> None:
        """Count a block's rows: a row's versions are of one customer, so of one block."""
        self.rows += rows.num_rows
        versions = np.zeros(rows.num_rows, dtype=bool)
        if declared.row_id is not None:
            ids = pc.dictionary_encode(rows[declared.row_id].combine_chunks()).indices.to_numpy()
            first = np.zeros(rows.num_rows, dtype=bool)
            first[np.unique(ids, return_index=True)[1]] = True
            versions = ~first
            self.corrections += int(versions.sum())
        if declared.known_at is not None and declared.time is not None:
            delay = _microseconds(rows[declared.known_at]) - _microseconds(rows[declared.time])
            self.late += int(((delay >= DAY) & ~versions).sum())


def _refuse_foreign_files(business: Business, folder: Path) -> None:
    """
    Raises:
        InputError: the folder holds a file with the name of a table, and no truth beside it.
    """
    if (folder / COMPLETE_FILE).exists():
        return
    for name in (*(table.file for table in business.tables.values()), TABLE_FILE):
        if (folder / name).exists():
            raise InputError(f"{folder / name} exists and was not generated: choose another folder, or remove it")


def _table(business: Business, declared: Table, rows: Rows, keys: pa.Array, size: int) -> pa.Table:
    """The rows of a block's first ``size`` customers that are known by the end of the days."""
    inside = rows.owner < size
    known = declared.known_at or declared.time
    if known is not None:
        inside &= np.asarray(rows.columns[known]) <= business.days.starts[-1]
    where = pa.array(np.flatnonzero(inside))
    columns = []
    for name, kind in declared.columns.items():
        if name == declared.key:
            columns.append(keys.take(pa.array(rows.owner[inside])))
            continue
        column = rows.columns[name]
        columns.append((column if isinstance(column, pa.Array) else pa.array(column)).cast(kind).take(where))
    return pa.table(columns, schema=declared.schema)


def _microseconds(instants: pa.ChunkedArray) -> np.ndarray:
    return instants.cast(pa.int64()).to_numpy()


def _summary(
    business: Business, asked: Mapping[str, Any], tallies: Mapping[str, Tally], scores: Mapping[int, Score]
) -> dict[str, Any]:
    days = business.days
    total = Score()
    for score in scores.values():
        total.counts += score.counts
        total.probability += score.probability
        total.moments += score.moments
    return {
        **asked,
        "zone": days.zone,
        "first_day": days.date_of(0).isoformat(),
        "last_day": days.date_of(days.count - 1).isoformat(),
        "horizon_days": business.horizon,
        "gap_days": business.gap,
        **total.summary(),
        "cuts": {days.date_of(cut).isoformat(): score.summary() for cut, score in scores.items()},
        "tables": {
            table: {"rows": tally.rows, "late": tally.late, "corrections": tally.corrections}
            for table, tally in tallies.items()
        },
        "effects": dict(business.effects),
    }


def describe(generated: Generated) -> str:
    """What was written, in a line."""
    summary = generated.summary
    rows = sum(table["rows"] for table in summary["tables"].values())
    return f"{generated.folder}: {customers_text(summary['customers'])}, {rows_text(rows)}"
