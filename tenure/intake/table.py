"""Reads one table batch by batch, parses every column, and separates the rows that do not parse."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.sources import message_prefix, table_zone
from tenure.count_text import with_counts
from tenure.errors import DataError
from tenure.intake.evolution import Evolution, reconcile
from tenure.intake.report import IngestReport
from tenure.parsing import ROW, RowFaults, parse_batch, rejects, table_columns, table_schema
from tenure.parsing.parse import default_of
from tenure.progress import progress
from tenure.sources import Batch, ContentHash, Source, TableSink

PROGRESS_ROWS = 500_000
"""Rows between two progress reports."""
MAX_REASONS = 3
"""Reasons quoted where no row parses."""


def ingest_table(contract: Contract, table: str | None, source: Source, folder: Path) -> IngestReport:
    """Read the table in ``source`` and write it in the contract's types.

    Written to ``folder``:

    ``data.parquet``
        The contract's columns in its order and types, and ``_row`` (int64, the row's number in the source).
    ``rejected.parquet``
        ``row``, ``reason`` and ``text`` of the rows that did not parse.

    Args:
        contract: what the columns mean.
        table: the table's name, as for ``tenure.parsing.table_columns``.
        source: the table, as ``tenure.sources.open_source`` returns it. The caller closes it.
        folder: folder to write to; created where it is missing.

    Raises:
        ContractError: the source or a default is invalid.
        DataError: the table cannot be read, lacks a required column, has no rows, or none of its rows parses.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the disk is full or cannot be written.
    """
    evolution = reconcile(contract, source.columns(), source.shown, table)
    parser = _Parser(contract, table, evolution)
    with (
        TableSink(folder / "data.parquet", table_schema(contract, table)) as accepted,
        TableSink(folder / "rejected.parquet", rejects.SCHEMA) as rejected,
    ):
        for batch in source.batches(evolution.present):
            good, bad = parser.parse(batch)
            if good.num_rows:
                accepted.write(good)
            if bad.num_rows:
                rejected.write(bad)
        _require_rows(source, parser)
    return IngestReport(
        source=source.shown,
        rows_read=parser.read,
        rows_accepted=parser.accepted,
        rows_rejected=parser.rejected,
        reasons=dict(parser.reasons.most_common()),
        extra_columns=list(evolution.extra),
        defaulted_columns=list(evolution.defaulted),
        similar_columns=evolution.similar,
        data_hash=parser.hash.hexdigest(),
        label_faults={reason: dict(values.most_common()) for reason, values in parser.label_faults.items()},
        doubtful_times=parser.doubtful_times,
    )


class _Parser:
    """Parses batches one after the other, and counts rows."""

    def __init__(self, contract: Contract, table: str | None, evolution: Evolution) -> None:
        columns = table_columns(contract, table)
        self._schema = table_schema(contract, table)
        self._zone = table_zone(contract, table)
        self._present = {name: columns[name] for name in evolution.present}
        self._defaults: dict[str, Any] = {
            name: default_of(name, columns[name], self._zone) for name in evolution.defaulted
        }
        self.hash = ContentHash(pa.schema([field for field in self._schema if field.name != ROW]))
        self.accepted = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.first_reasons: list[str] = []
        self._label = contract.label_column if table is None else None
        self.label_faults: dict[str, Counter[str]] = {}
        self.doubtful_times = 0
        self._prefix = message_prefix(contract, table)

    @property
    def read(self) -> int:
        return self.accepted + self.rejected

    def parse(self, batch: Batch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """The rows of ``batch`` that parse, and the rejected ones in the schema of ``rejected.parquet``."""
        parsed, faults = parse_batch(batch.columns, self._present, self._zone)
        good = self._complete(parsed, faults, batch.rows)
        bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
        before = self.read
        self.hash.update(good)
        self.accepted += good.num_rows
        self.rejected += len(bad)
        self.reasons.update(row.kind for row in bad)
        faults.count_values(self._label, self.label_faults)
        self.doubtful_times += faults.doubtful_times
        self.first_reasons += [row.reason for row in bad[: MAX_REASONS - len(self.first_reasons)]]
        if self.read // PROGRESS_ROWS > before // PROGRESS_ROWS:
            if batch.share is None:
                progress(f"{self._prefix}{self.read:,} rows read")
            else:
                progress(f"{self._prefix}{self.read:,} rows read", round(100 * batch.share), 100)
        return good, rejects.to_batch(sorted(bad, key=lambda row: row.row))

    def _complete(self, parsed: pa.RecordBatch, faults: RowFaults, rows: pa.Array) -> pa.RecordBatch:
        """The rows without a fault, with defaults and row numbers added."""
        columns = []
        for name, kind in zip(self._schema.names, self._schema.types, strict=True):
            if name == ROW:
                columns.append(rows)
            elif name in self._present:
                columns.append(parsed.column(name))
            else:
                columns.append(pa.repeat(pa.scalar(self._defaults[name], kind), len(rows)))
        whole = pa.RecordBatch.from_arrays(columns, schema=self._schema)
        return whole.filter(pa.array(~faults.bad)) if faults.bad.any() else whole


def _require_rows(source: Source, parser: _Parser) -> None:
    """
    Raises:
        DataError: no row was accepted.
    """
    if not parser.read:
        raise DataError(f"{source.shown} has columns and no rows")
    if not parser.accepted:
        # Of the label, all values that were seen tell more than the first three.
        of_label = [f"{reason}: {with_counts(values)}" for reason, values in parser.label_faults.items()]
        reasons = "; ".join(of_label or parser.first_reasons)
        raise DataError(f"{source.shown}: none of {parser.rejected:,} rows can be read as the contract says: {reasons}")
