"""Separates the rows of one of several tables: good, quarantined, without a customer, and duplicate ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.checks.duplicates import not_first, repeated
from tenure.checks.hashing import hash_rows
from tenure.checks.parsed import batches
from tenure.checks.profile import sketch_for
from tenure.checks.rows import check_rows
from tenure.checks.separation import PROGRESS_ROWS
from tenure.checks.tables.customers import Customers
from tenure.checks.tables.observed import SHOWN_KEYS, TableObserved
from tenure.checks.tables.times import before, late
from tenure.checks.tables.versions import Versions, find_versions
from tenure.contract import Contract
from tenure.contract.sources import assembly_of, message_prefix, table_folder
from tenure.parsing import ROW, Kind, RowFaults, rejects, table_columns, table_schema
from tenure.parsing.faults import quote, row_text
from tenure.progress import progress
from tenure.sources import RejectedRow, TableSink
from tenure.stats import Sketch

FILES = ("quarantine", "orphans", "duplicates")
"""Parquet files of the rows that are not good."""


class TableSeparation:
    """Separates the rows of one table, in passes over the ingested file.

    Args:
        contract: the rules.
        table: the table's name.
        raw: folder of ``ingest``.
        observed: what is counted is added to it.
        now: the current time, aware.
    """

    def __init__(self, contract: Contract, table: str, raw: Path, observed: TableObserved, now: datetime) -> None:
        assembly = assembly_of(contract)
        self._contract, self._name, self._now, self._observed = contract, table, now, observed
        self._table = assembly.tables[table]
        self._entity = assembly.entity
        self._zone = assembly.zone_of(table)
        self._columns = table_columns(contract, table)
        self._data = table_folder(raw, table) / "data.parquet"
        self._bad: list[NDArray[np.bool_]] = []
        self.keys_not_good: list[NDArray[np.uint64]] = []
        """Hashes of the keys of the quarantined rows."""

    def run(self, valid_folder: Path, customers: Customers | None) -> Sketch:
        """Write ``data.parquet`` with the good rows, ``quarantine.parquet`` with those that break the contract,
        ``orphans.parquet`` with those of customers that are not in the entity, and ``duplicates.parquet``.

        Args:
            valid_folder: folder of ``validate``.
            customers: of the entity; None for the entity itself, and without one.

        Returns:
            A sketch of the good rows' columns, without keys.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        observed, folder = self._observed, table_folder(valid_folder, self._name)
        prefix = message_prefix(self._contract, self._name)
        self._look_at_rows()
        repeats, versions = self._repeats(), self._versions()
        sketch = sketch_for(self._contract, self._name)
        done = 0
        with ExitStack() as stack:
            good = stack.enter_context(TableSink(folder / "data.parquet", table_schema(self._contract, self._name)))
            unused = {
                name: stack.enter_context(TableSink(folder / f"{name}.parquet", rejects.SCHEMA)) for name in FILES
            }
            for batch in batches(self._data):
                here = slice(done, done + batch.num_rows)
                faults = self._faults(batch, repeats[here], versions.conflicting[here])
                observed.add_faults(self._contract, faults)
                if faults.bad.any():
                    rejected = faults.rejected(batch.drop_columns([ROW]), batch.column(ROW))
                    unused["quarantine"].write(rejects.to_batch(rejected))
                    lost = batch.column(self._table.key_column).filter(pa.array(faults.bad)).drop_null()
                    self.keys_not_good.append(hash_rows([lost]))
                orphaned = self._orphans(batch, faults.bad, customers, unused["orphans"])
                duplicate = versions.duplicate[here] & ~faults.bad & ~orphaned
                if duplicate.any():
                    reason = f"is equal to an earlier row with the same '{self._table.row_id}'"
                    unused["duplicates"].write(_rejected(batch, duplicate, [reason] * int(duplicate.sum())))
                    observed.duplicates += int(duplicate.sum())
                used = ~(faults.bad | orphaned | duplicate)
                kept = batch if used.all() else batch.filter(pa.array(used))
                if kept.num_rows:
                    good.write(kept)
                    sketch.add(kept)
                    self._count(kept, customers)
                    observed.superseded += int((versions.superseded[here] & used).sum())
                if (done + batch.num_rows) // PROGRESS_ROWS > done // PROGRESS_ROWS:
                    progress(f"{prefix}rows checked", done + batch.num_rows, observed.accepted)
                done += batch.num_rows
        return sketch

    def _look_at_rows(self) -> None:
        """Count missing values and copies of rows, and find the rows with a fault of their own."""
        hashes, times = [], []
        missing = dict.fromkeys(self._columns, 0)
        for batch in batches(self._data):
            faults = check_rows(self._contract, batch, self._now, self._observed.defaulted, table=self._name)
            self._check_times(batch, faults)
            self._bad.append(faults.bad)
            for name in missing:
                missing[name] += batch.column(name).null_count
            if self._table.row_id is None and self._table.kind != "entity":
                hashes.append(hash_rows([batch.column(name) for name in self._columns]))
                if self._table.kind != "events":
                    times.append(hash_rows([batch.column(self._table.key_column), batch.column(str(self._table.time))]))
        self._observed.missing = missing
        if hashes:
            self._observed.identical = int(not_first(np.concatenate(hashes)).sum())
        if times:
            self._observed.same_time = int((not_first(np.concatenate(times)) & ~np.concatenate(self._bad)).sum())

    def _faults(self, batch: pa.RecordBatch, repeats: NDArray[np.bool_], conflicting: NDArray[np.bool_]) -> RowFaults:
        """All faults of a batch's rows."""
        faults = check_rows(self._contract, batch, self._now, self._observed.defaulted, table=self._name)
        self._check_times(batch, faults)
        key = self._table.key_column
        faults.add(repeats, Kind("keys", key, "repeats the key of an earlier row"), batch.column(key))
        if conflicting.any():
            name, known = str(self._table.row_id), self._table.known_at or self._table.time
            what = f"stands in different rows with the same '{known}': which of them counts is open"
            faults.add(conflicting, Kind("versions", name, what), batch.column(name))
        return faults

    def _check_times(self, batch: pa.RecordBatch, faults: RowFaults) -> None:
        time, known = self._table.time, self._table.known_at
        if time is None or known is None or self._table.known_before_time == "allow":
            return
        early = before(batch.column(known), batch.column(time), self._zone)
        faults.add(early, Kind("known_before_time", known, f"is before '{time}'"), batch.column(known))

    def _repeats(self) -> NDArray[np.bool_]:
        """Which rows repeat the key of an earlier good row, in a table with one row a customer."""
        if self._table.kind != "entity":
            return np.zeros(self._observed.accepted, dtype=bool)
        key, row_id = self._table.key_column, self._table.row_id

        def keys() -> Iterator[tuple[list[pa.Array], NDArray[np.bool_]]]:
            for batch, bad in zip(batches(self._data, [key]), self._bad, strict=True):
                yield batch.columns, ~bad

        if row_id is None:
            return repeated(keys)
        return self._second_rows(key, row_id)

    def _second_rows(self, key: str, row_id: str) -> NDArray[np.bool_]:
        """Which rows have the key of an earlier good row, and are no version of it."""
        first: dict[int, int] = {}
        found = np.zeros(self._observed.accepted, dtype=bool)
        start = 0
        for batch, bad in zip(batches(self._data, [key, row_id]), self._bad, strict=True):
            keys, rows = hash_rows([batch.column(0)]), hash_rows(batch.columns)
            for position in np.flatnonzero(~bad).tolist():
                found[start + position] = first.setdefault(int(keys[position]), int(rows[position])) != rows[position]
            start += batch.num_rows
        return found

    def _versions(self) -> Versions:
        rows = self._observed.accepted
        if self._table.row_id is None:
            return Versions(*(np.zeros(rows, dtype=bool) for _ in range(3)))

        def read(columns: list[str] | None) -> Iterator[tuple[pa.RecordBatch, NDArray[np.bool_]]]:
            for batch, bad in zip(batches(self._data, columns), self._bad, strict=True):
                yield batch, ~bad

        return find_versions(self._table, read, rows)

    def _orphans(
        self, batch: pa.RecordBatch, bad: NDArray[np.bool_], customers: Customers | None, sink: TableSink
    ) -> NDArray[np.bool_]:
        """Which rows without a fault have no customer in the entity; they are written to ``sink``."""
        if customers is None:
            return np.zeros(batch.num_rows, dtype=bool)
        keys = batch.column(self._table.key_column)
        here, quarantined, _ = customers.find(keys)
        unknown, of_quarantined = ~here & ~quarantined & ~bad, quarantined & ~bad
        lost = unknown | of_quarantined
        if lost.any():
            observed = self._observed
            observed.entity_key = customers.example
            observed.orphaned += int(unknown.sum())
            observed.of_quarantined += int(of_quarantined.sum())
            for value in keys.filter(pa.array(unknown)).unique().to_pylist():
                if len(observed.orphan_keys) < SHOWN_KEYS and quote(value) not in observed.orphan_keys:
                    observed.orphan_keys.append(quote(value))
            reasons = [
                f"is of a customer whose row in '{self._entity}' is quarantined"
                if of_quarantined[position]
                else f"is of a customer that is not in '{self._entity}': {quote(keys[position].as_py())}"
                for position in np.flatnonzero(lost).tolist()
            ]
            sink.write(_rejected(batch, lost, reasons))
        return lost

    def _count(self, good: pa.RecordBatch, customers: Customers | None) -> None:
        observed, time, known = self._observed, self._table.time, self._table.known_at
        observed.good += good.num_rows
        if time is None:
            return
        times = good.column(time)
        newest = pc.max(times).as_py()
        observed.newest = newest if observed.newest is None else max(observed.newest, newest)
        if known is not None:
            observed.late += int(late(times, good.column(known), self._zone).sum())
            observed.known_before_time += int(before(good.column(known), times, self._zone).sum())
        if customers is not None:
            _, _, places = customers.find(good.column(self._table.key_column))
            observed.before_customer += int(customers.exist_later(times, places).sum())


def _rejected(batch: pa.RecordBatch, rows: NDArray[np.bool_], reasons: list[str]) -> pa.RecordBatch:
    """Rows of a batch as they are written to a file of rows that are not used.

    Args:
        rows: which rows, shape (rows,).
        reasons: of each of them.
    """
    found = []
    for row, reason in zip(batch.filter(pa.array(rows)).to_pylist(), reasons, strict=True):
        found.append(RejectedRow(row.pop(ROW), reason, reason, row_text(row)))
    return rejects.to_batch(found)
