"""Validate: every check that the contract alone asks for, a report, and a hard gate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.step import publish
from tenure.checks import Check, Counts, Validation, table
from tenure.checks.separation import separate
from tenure.checks.table import Observed
from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.parsing import table_schema
from tenure.report.validation import render
from tenure.sources import write_text
from tenure.stats import Profile, Sketch

SHOWN_ROWS = 20
"""Rows of the quarantine, and of the rejected ones, shown in the report."""


def run(contract: str, raw: Path, valid: Path) -> dict[str, Any]:
    """Validate what ingest brought in, publish the reports, and stop if the table does not meet the contract.

    Inputs:
        contract: the contract, YAML text.
        raw: ingest's output folder.

    Outputs, in the folder ``valid``:
        data.parquet: the rows that keep the contract, as in ``raw``.
        quarantine.parquet: ``row``, ``reason``, ``text`` of the others.
        validation.json, validation.html: every check, for machines and for people.
        profile.json: the distribution of the good rows' feature columns (``tenure.stats.Profile``).

    Returns what the step shows: verdict, counts, warnings, data hash.

    Raises:
        DataError: the gate is closed; the message names the failed checks. All outputs are written by then.
        ContractError: the contract cannot hold. StorageError: the disk is full.
    """
    validation = inspect(contract, raw, valid)
    publish(valid / "validation.json")
    publish(valid / "validation.html")
    validation.raise_if_stopped()
    return {
        "verdict": validation.verdict,
        "rows_good": validation.rows.good,
        "rows_quarantined": validation.rows.quarantined,
        "rows_rejected": validation.rows.rejected,
        "warnings": [check.message for check in validation.of_level("warn")],
        "data_hash": validation.data_hash,
    }


def inspect(contract: str, raw: Path, valid: Path, now: datetime | None = None) -> Validation:
    """As ``run``, but nothing is published, and the verdict is in what is returned instead of in an error.

    Args:
        now: aware; the clock's without it.
    """
    described = parse(contract)
    table.check_positive_value(described)
    now = now or datetime.now(UTC)
    ingested = json.loads((raw / "ingest.json").read_text(encoding="utf-8"))
    _check_schema(raw / "data.parquet", table_schema(described))
    seen = Observed(
        read=ingested["rows_read"],
        rejected=ingested["rows_rejected"],
        accepted=ingested["rows_accepted"],
        extra=tuple(ingested["extra_columns"]),
        defaulted=tuple(ingested["defaulted_columns"]),
        rejection_reasons=ingested["reasons"],
    )
    sketch = separate(described, raw / "data.parquet", seen, now, valid)
    validation = Validation(
        name=described.name,
        source=ingested["source"],
        checked_at=now.isoformat(timespec="seconds"),
        rows=Counts(seen.read, seen.rejected, seen.accepted - seen.good, seen.good),
        checks=tuple(_all_checks(described, seen, sketch, now)),
        quarantine_reasons={str(kind): count for kind, count in seen.faults.most_common()},
        rejection_reasons=dict(seen.rejection_reasons),
        data_hash=ingested["data_hash"],
    )
    write_text(valid / "profile.json", Profile.of(sketch, described.columns_of("feature")).to_json())
    write_text(valid / "validation.json", validation.to_json())
    quarantined, rejected = first_rows(valid / "quarantine.parquet"), first_rows(raw / "rejected.parquet")
    write_text(valid / "validation.html", render(validation, described, sketch, quarantined, rejected))
    return validation


def _all_checks(contract: Contract, seen: Observed, sketch: Sketch, now: datetime) -> list[Check]:
    return [
        *table.check_columns(seen),
        *table.check_row_faults(contract, seen),
        *table.check_identical(contract, seen),
        *table.check_rejected(contract, seen),
        *table.check_missing(contract, seen),
        *table.check_rows_left(contract, seen),
        *table.check_label(contract, seen, sketch),
        *table.check_freshness(contract, seen.newest, now),
        *table.check_outliers(sketch),
        *table.check_drift(contract, None),
    ]


def _check_schema(data: Path, schema: pa.Schema) -> None:
    found = pq.read_schema(data)
    if not found.equals(schema):
        raise DataError(f"{data} was ingested under another contract: its columns are {', '.join(found.names)}")


def first_rows(path: Path) -> list[dict[str, Any]]:
    """As many rows of a Parquet file as a report shows."""
    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=SHOWN_ROWS), None)
    return [] if batch is None else batch.to_pylist()
