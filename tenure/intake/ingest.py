"""Ingest: read a source batch by batch, parse every column, and separate the rows that do not parse."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.atomic import write_text
from tenure.contract import Contract
from tenure.count_text import with_counts
from tenure.errors import DataError
from tenure.intake.evolution import Evolution, reconcile
from tenure.parsing import ROW, RowFaults, parse_batch, rejects, table_columns, table_schema
from tenure.parsing.parse import default_of
from tenure.progress import progress
from tenure.sources import Batch, ContentHash, Source, TableSink

PROGRESS_ROWS = 500_000
"""Rows between two progress reports."""
MAX_REASONS = 3
"""Reasons quoted where no row parses."""


@dataclass(frozen=True)
class IngestReport:
    """The outcome of ingest; the content of ``ingest.json``."""

    source: str
    """Address of the table, without credentials."""
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    """Rows that did not parse."""
    reasons: dict[str, int]
    """Rejected rows by reason, the most frequent first."""
    extra_columns: list[str]
    """Columns that the contract does not describe; they are left out."""
    defaulted_columns: list[str]
    """Optional columns that the table lacks; they hold their default."""
    similar_columns: dict[str, str]
    """Defaulted column to an extra column with a similar name."""
    data_hash: str
    """SHA-256 of the accepted rows (``tenure.sources.ContentHash``)."""
    label_faults: dict[str, dict[str, int]] = field(default_factory=dict)
    """Values of the label column that did not parse, quoted, by reason, with their numbers of rows."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> IngestReport:
        return cls(**json.loads(text))


def ingest(contract: Contract, source: Source, raw: Path) -> IngestReport:
    """Read the table in ``source`` and write it in the contract's types.

    Written to the folder ``raw``:

    ``data.parquet``
        The contract's columns in its order and types, and ``_row`` (int64, the row's number in the source).
    ``rejected.parquet``
        ``row``, ``reason`` and ``text`` of the rows that did not parse.
    ``ingest.json``
        The report that is returned.

    Args:
        contract: what the columns mean.
        source: the table, as ``tenure.sources.open_source`` returns it. The caller closes it.
        raw: folder to write to; created where it is missing.

    Raises:
        ContractError: the source or a default is invalid.
        DataError: the table cannot be read, lacks a required column, has no rows, or none of its rows parses.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the disk is full or cannot be written.
    """
    evolution = reconcile(contract, source.columns(), source.shown)
    parser = _Parser(contract, evolution)
    with (
        TableSink(raw / "data.parquet", table_schema(contract)) as accepted,
        TableSink(raw / "rejected.parquet", rejects.SCHEMA) as rejected,
    ):
        for batch in source.batches(evolution.present):
            good, bad = parser.parse(batch)
            if good.num_rows:
                accepted.write(good)
            if bad.num_rows:
                rejected.write(bad)
        _require_rows(source, parser)
    report = IngestReport(
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
    )
    write_text(raw / "ingest.json", report.to_json())
    return report


class _Parser:
    """Parses batches one after the other, and counts rows."""

    def __init__(self, contract: Contract, evolution: Evolution) -> None:
        columns = table_columns(contract)
        self._schema = table_schema(contract)
        self._present = {name: columns[name] for name in evolution.present}
        self._defaults: dict[str, Any] = {name: default_of(name, columns[name]) for name in evolution.defaulted}
        self.hash = ContentHash(pa.schema([field for field in self._schema if field.name != ROW]))
        self.accepted = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.first_reasons: list[str] = []
        self._label = contract.label_column
        self.label_faults: dict[str, Counter[str]] = {}

    @property
    def read(self) -> int:
        return self.accepted + self.rejected

    def parse(self, batch: Batch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """The rows of ``batch`` that parse, and the rejected ones in the schema of ``rejected.parquet``."""
        parsed, faults = parse_batch(batch.columns, self._present)
        good = self._complete(parsed, faults, batch.rows)
        bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
        before = self.read
        self.hash.update(good)
        self.accepted += good.num_rows
        self.rejected += len(bad)
        self.reasons.update(row.kind for row in bad)
        faults.count_values(self._label, self.label_faults)
        self.first_reasons += [row.reason for row in bad[: MAX_REASONS - len(self.first_reasons)]]
        if self.read // PROGRESS_ROWS > before // PROGRESS_ROWS:
            if batch.share is None:
                progress(f"{self.read:,} rows read")
            else:
                progress(f"{self.read:,} rows read", round(100 * batch.share), 100)
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
