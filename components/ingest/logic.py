"""Ingest: read the source by batches, parse every column, keep what parses and what does not."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.checks import reconcile
from tenure.checks.evolution import Evolution
from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.parsing import ROW, RowFaults, parse_batch, parse_value, rejects, table_columns, table_schema
from tenure.progress import progress
from tenure.sources import Batch, ContentHash, Source, TableSink, open_source, replace_uri, write_text

PROGRESS_ROWS = 500_000
SHOWN_REASONS = 3


def run(contract: str, data: str | None, raw: Path, base_folder: Path | str = ".") -> dict[str, Any]:
    """Bring the contract's table in.

    Inputs:
        contract: the contract, YAML text.
        data: address that stands in for the contract's ``source.uri``; its format is told anew.
        base_folder: what a relative address starts from.

    Outputs, in the folder ``raw``:
        data.parquet: the contract's columns in its order and types, and ``_row`` (int64, row number in the source).
        rejected.parquet: ``row``, ``reason``, ``text`` of rows that did not parse.
        ingest.json: counts, reasons, columns that differ, data hash, source.

    Returns what the step shows: the content of ``ingest.json``.

    Raises:
        ContractError: the contract, its source or a default cannot hold.
        DataError: the table cannot be read, lacks a required column, has no rows, or no row that parses.
        SourceError: the database or store is down or hangs.
        StorageError: the disk is full.
    """
    described = parse(contract)
    settings = replace_uri(described.source, data) if data else described.source
    with contextlib.closing(open_source(settings, base_folder)) as source:
        evolution = reconcile(described, source.columns(), source.shown)
        intake = _Intake(described, evolution)
        schema = table_schema(described)
        with (
            TableSink(raw / "data.parquet", schema) as accepted,
            TableSink(raw / "rejected.parquet", rejects.SCHEMA) as rejected,
        ):
            for batch in source.batches(evolution.present):
                _take(intake.parse(batch), accepted, rejected)
            _refuse_nothing(source, intake)
        report = _report(source, evolution, intake)
    write_text(raw / "ingest.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return report


@dataclass(frozen=True)
class _Parsed:
    accepted: pa.RecordBatch
    rejected: pa.RecordBatch


class _Intake:
    """Parses batch after batch, and counts."""

    def __init__(self, contract: Contract, evolution: Evolution) -> None:
        columns = table_columns(contract)
        self._schema = table_schema(contract)
        self._present = {name: columns[name] for name in evolution.present}
        self._defaults = {
            name: None if columns[name].default is None else _default(contract, name) for name in evolution.defaulted
        }
        self.hash = ContentHash(pa.schema([field for field in self._schema if field.name != ROW]))
        self.accepted = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.first_reasons: list[str] = []

    @property
    def read(self) -> int:
        return self.accepted + self.rejected

    def parse(self, batch: Batch) -> _Parsed:
        parsed, faults = parse_batch(batch.columns, self._present)
        good = self._accept(parsed, faults, batch.rows)
        bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
        before = self.read
        self.hash.update(good)
        self.accepted += good.num_rows
        self.rejected += len(bad)
        self.reasons.update(row.kind for row in bad)
        self.first_reasons += [row.reason for row in bad[: SHOWN_REASONS - len(self.first_reasons)]]
        if self.read // PROGRESS_ROWS > before // PROGRESS_ROWS:
            if batch.share is None:
                progress(f"{self.read:,} rows read")
            else:
                progress(f"{self.read:,} rows read", round(100 * batch.share), 100)
        return _Parsed(good, rejects.to_batch(sorted(bad, key=lambda row: row.row)))

    def _accept(self, parsed: pa.RecordBatch, faults: RowFaults, rows: pa.Array) -> pa.RecordBatch:
        columns = []
        for field in self._schema:
            if field.name == ROW:
                columns.append(rows)
            elif field.name in self._present:
                columns.append(parsed.column(field.name))
            else:
                columns.append(pa.repeat(pa.scalar(self._defaults[field.name], field.type), len(rows)))
        whole = pa.RecordBatch.from_arrays(columns, schema=self._schema)
        return whole.filter(pa.array(~faults.bad)) if faults.bad.any() else whole


def _default(contract: Contract, name: str) -> Any:
    column = contract.columns[name]
    return parse_value(str(column.default), name, column, f"columns.{name}.default")


def _take(parsed: _Parsed, accepted: TableSink, rejected: TableSink) -> None:
    if parsed.accepted.num_rows:
        accepted.write(parsed.accepted)
    if parsed.rejected.num_rows:
        rejected.write(parsed.rejected)


def _refuse_nothing(source: Source, intake: _Intake) -> None:
    """
    Raises:
        DataError: not one row came through.
    """
    if not intake.read:
        raise DataError(f"{source.shown} has columns and no rows")
    if not intake.accepted:
        reasons = "; ".join(intake.first_reasons)
        raise DataError(f"{source.shown}: none of {intake.rejected:,} rows can be read as the contract says: {reasons}")


def _report(source: Source, evolution: Evolution, intake: _Intake) -> dict[str, Any]:
    return {
        "source": source.shown,
        "rows_read": intake.read,
        "rows_accepted": intake.accepted,
        "rows_rejected": intake.rejected,
        "reasons": dict(intake.reasons.most_common()),
        "extra_columns": list(evolution.extra),
        "defaulted_columns": list(evolution.defaulted),
        "similar_columns": evolution.near,
        "data_hash": intake.hash.hexdigest(),
    }
