"""Separates the rows that meet the contract from those that break it, in passes over the ingested file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.checks import positives
from tenure.checks.duplicates import not_first, repeated
from tenure.checks.hashing import hash_rows
from tenure.checks.label import count_values
from tenure.checks.observed import Observed
from tenure.checks.parsed import batches
from tenure.checks.profile import sketch_for
from tenure.checks.rows import check_rows
from tenure.checks.set_aside import SetAside, find_set_aside, to_batch
from tenure.contract import Contract
from tenure.parsing import ROW, Kind, rejects, table_columns, table_schema
from tenure.parsing.lenient import flags
from tenure.progress import progress
from tenure.sources import TableSink
from tenure.stats import Sketch

PROGRESS_ROWS = 500_000
REPEATS_A_TIME = "repeats the customer and time of an earlier row"


def separate(contract: Contract, data: Path, observed: Observed, now: datetime, valid: Path) -> Sketch:
    """Write the good rows to ``data.parquet``, those without a label, or with one that the contract ignores, to
    ``set_aside.parquet``, and the others to ``quarantine.parquet``, in the folder ``valid``.

    Args:
        contract: the rules.
        data: the ingested table, in the contract's schema.
        observed: what is counted while the rows pass is added to it.
        now: the current time, aware.
        valid: folder to write to.

    Returns:
        A sketch of the good rows' columns, without the key.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    sketch = sketch_for(contract, None)
    repeats = _repeats(contract, data, observed, now)
    schema = table_schema(contract)
    done = 0
    with (
        TableSink(valid / "data.parquet", schema) as good,
        TableSink(valid / "quarantine.parquet", rejects.SCHEMA) as quarantine,
        TableSink(valid / "set_aside.parquet", rejects.SCHEMA) as put_aside,
    ):
        for batch in batches(data):
            aside = find_set_aside(contract, batch)
            faults = check_rows(contract, batch, now, observed.defaulted, aside.rows)
            what = "repeats the key of an earlier row" if contract.split.by is None else REPEATS_A_TIME
            kind = Kind("keys", contract.key_column, what)
            faults.add(repeats[done : done + batch.num_rows], kind, batch.column(contract.key_column))
            observed.add_faults(contract, faults)
            kept = batch
            if faults.bad.any():
                quarantine.write(rejects.to_batch(faults.rejected(batch.drop_columns([ROW]), batch.column(ROW))))
            if aside.rows.any():
                put_aside.write(to_batch(contract, batch, aside.rows))
                _count_set_aside(contract, batch, aside, observed)
            unused = faults.bad | aside.rows
            if unused.any():
                kept = batch.filter(pa.array(~unused))
            if kept.num_rows:
                good.write(kept)
                sketch.add(kept)
                _count(contract, kept, observed)
            if (done + batch.num_rows) // PROGRESS_ROWS > done // PROGRESS_ROWS:
                progress("rows checked", done + batch.num_rows, observed.accepted)
            done += batch.num_rows
    return sketch


def _repeats(contract: Contract, data: Path, observed: Observed, now: datetime) -> np.ndarray:
    """Which rows have the ``row_identity`` of an earlier good row; bool, shape (rows,)."""
    columns = table_columns(contract)
    bad, hashes = [], []
    missing = dict.fromkeys(columns, 0)
    for batch in batches(data):
        aside = find_set_aside(contract, batch).rows
        bad.append(aside | check_rows(contract, batch, now, observed.defaulted, aside).bad)
        used = batch.filter(pa.array(~aside)) if aside.any() else batch
        for name in missing:
            missing[name] += used.column(name).null_count
        if not contract.row_identity:
            hashes.append(hash_rows([batch.column(name) for name in columns]))
    observed.missing = missing
    if not contract.row_identity:
        observed.identical = int(not_first(np.concatenate(hashes)).sum())
        return np.zeros(observed.accepted, dtype=bool)

    def keys() -> Iterator[tuple[list[pa.Array], np.ndarray]]:
        for batch, wrong in zip(batches(data, list(contract.row_identity)), bad, strict=True):
            yield batch.columns, ~wrong

    repeats = repeated(keys)
    if repeats.any():
        whole = np.concatenate([hash_rows([batch.column(name) for name in columns]) for batch in batches(data)])
        observed.identical = int((not_first(whole) & repeats).sum())
    return repeats


def _count(contract: Contract, good: pa.RecordBatch, observed: Observed) -> None:
    observed.good += good.num_rows
    if contract.label_column is not None and contract.label.positives:
        labels = good.column(contract.label_column)
        observed.positives += int(flags(positives(contract, labels)).sum())
        count_values(labels, observed.labels)
    if contract.time is not None:
        newest = pc.max(good.column(contract.time)).as_py()
        observed.newest = newest if observed.newest is None else max(observed.newest, newest)


def _count_set_aside(contract: Contract, batch: pa.RecordBatch, aside: SetAside, observed: Observed) -> None:
    observed.unlabelled += int(aside.missing.sum())
    if aside.ignored.any():
        labels = batch.column(str(contract.label_column))
        count_values(labels.filter(pa.array(aside.ignored)), observed.ignored)
