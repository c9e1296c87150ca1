"""Validate: hold ingested rows against the contract, separate the rows that break it, and judge the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.atomic import write_text
from tenure.checks import table
from tenure.checks.keys import check_key
from tenure.checks.label_column import check_label, require_named_values, set_aside_reasons
from tenure.checks.observed import Observed
from tenure.checks.parsed import batches
from tenure.checks.profile import profile_of
from tenure.checks.result import Check, Counts, Validation
from tenure.checks.separation import separate
from tenure.checks.tables.validate import validate_tables
from tenure.contract import Contract
from tenure.contract.sources import sources_of, table_folder
from tenure.errors import DataError
from tenure.intake.report import IngestReport
from tenure.parsing import table_schema
from tenure.stats import Sketch


@dataclass(frozen=True)
class Validated:
    """What ``validate`` found."""

    validation: Validation
    sketches: dict[str | None, Sketch]
    """Of the good rows of each table, without the key; that of one table with a label column under ``None``."""


def validate(contract: Contract, raw: Path, valid: Path, now: datetime | None = None) -> Validated:
    """Run every check that needs the contract and the table alone.

    A table that must not be used raises no error here: see ``Validation.raise_if_stopped``.

    Written to the folder ``valid``:

    ``data.parquet``
        The rows that meet the contract, with the columns of ``raw``.
    ``quarantine.parquet``
        ``row``, ``reason`` and ``text`` of the rows that break it.
    ``set_aside.parquet``
        The same of the rows that have no label, or one of ``label.ignore``.
    ``tables/<name>/data.parquet``, ``quarantine.parquet``, ``orphans.parquet``, ``duplicates.parquet``
        Instead of these, the rows of each table of an assembly: ``tenure.checks.tables``.
    ``validation.json``
        Every check (``Validation.to_json``).
    ``profile.json``
        Distributions of the good rows' feature columns (``tenure.stats.Profile``).

    Args:
        contract: the rules.
        raw: folder that ``ingest`` wrote under the same contract.
        valid: folder to write to; created where it is missing.
        now: an aware time that freshness and future rows are judged by; the clock's by default.

    Raises:
        ContractError: ``label.positive`` or ``label.ignore`` is not a value of the label column's type.
        DataError: ``raw`` was ingested under another contract.
        StorageError: the disk is full or cannot be written.
    """
    now = now or datetime.now(UTC)
    report = IngestReport.from_json((raw / "ingest.json").read_text(encoding="utf-8"))
    for name in sources_of(contract):
        _require_schema(table_folder(raw, name) / "data.parquet", table_schema(contract, name))
    sketches: dict[str | None, Sketch] = {}
    if contract.assembly is None:
        validation, sketches[None] = _validate_one(contract, report, raw, valid, now)
    else:
        validation, of_tables = validate_tables(contract, report, raw, valid, now)
        sketches.update(of_tables)
    write_text(valid / "profile.json", profile_of(contract, sketches).to_json())
    write_text(valid / "validation.json", validation.to_json())
    return Validated(validation, sketches)


def _validate_one(
    contract: Contract, report: IngestReport, raw: Path, valid: Path, now: datetime
) -> tuple[Validation, Sketch]:
    """Validate one table with a label column."""
    if contract.label_column is not None:
        labels = batches(raw / "data.parquet", [contract.label_column])
        require_named_values(contract, (batch.column(0) for batch in labels))
    observed = Observed(
        read=report.rows_read,
        rejected=report.rows_rejected,
        accepted=report.rows_accepted,
        extra=tuple(report.extra_columns),
        defaulted=tuple(report.defaulted_columns),
        rejection_reasons=report.reasons,
        label_faults={reason: Counter(values) for reason, values in report.label_faults.items()},
    )
    sketch = separate(contract, raw / "data.parquet", observed, now, valid)
    quarantined = observed.accepted - observed.good - observed.set_aside
    validation = Validation(
        name=contract.name,
        source=report.source,
        checked_at=now.isoformat(timespec="seconds"),
        rows=Counts(observed.read, observed.rejected, quarantined, observed.good, observed.set_aside),
        checks=tuple(_all_checks(contract, observed, sketch, now)),
        quarantine_reasons={str(kind): count for kind, count in observed.faults.most_common()},
        rejection_reasons=dict(observed.rejection_reasons),
        data_hash=report.data_hash,
        set_aside_reasons=set_aside_reasons(contract, observed),
    )
    return validation, sketch


def _all_checks(contract: Contract, observed: Observed, sketch: Sketch, now: datetime) -> list[Check]:
    return [
        *table.check_columns(observed),
        *table.check_row_faults(contract, observed),
        *check_key(contract),
        *table.check_identical(contract, observed),
        *table.check_rejected(contract, observed),
        *table.check_missing(contract, observed),
        *table.check_rows_left(contract, observed),
        *check_label(contract, observed, sketch),
        *table.check_freshness(contract, observed.newest, now),
        *table.check_outliers(sketch),
        *table.check_drift(contract, None),
    ]


def _require_schema(data: Path, schema: pa.Schema) -> None:
    try:
        found = pq.read_schema(data)
    except FileNotFoundError:
        raise DataError(f"{data} is missing: the tables were ingested under another contract") from None
    if not found.equals(schema):
        raise DataError(f"{data} was ingested under another contract: its columns are {', '.join(found.names)}")
