"""Validate several tables: each against the contract, and all against the customers of the entity."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from tenure.checks.result import Check, Counts, Validation
from tenure.checks.table import check_drift
from tenure.checks.tables import checks
from tenure.checks.tables.customers import Customers, customers_of
from tenure.checks.tables.observed import TableObserved
from tenure.checks.tables.separation import TableSeparation
from tenure.contract import Contract
from tenure.contract.sources import assembly_of, table_folder
from tenure.intake.report import IngestReport
from tenure.stats import Sketch


def validate_tables(
    contract: Contract, report: IngestReport, raw: Path, valid: Path, now: datetime
) -> tuple[Validation, dict[str, Sketch]]:
    """Write the files of every table, and check what was counted.

    Args:
        contract: the rules.
        report: of ``ingest``.
        raw: folder of ``ingest``.
        valid: folder to write to.
        now: the current time, aware.

    Returns:
        The validation, and a sketch of each table's good rows.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    assembly = assembly_of(contract)
    observed = {name: _observed(report.tables[name]) for name in assembly.tables}
    sketches: dict[str, Sketch] = {}
    customers: Customers | None = None
    # The entity first: its customers are those that rows of other tables must be of.
    for name in sorted(assembly.tables, key=lambda name: name != assembly.entity):
        separation = TableSeparation(contract, name, raw, observed[name], now)
        sketches[name] = separation.run(valid, customers)
        if name == assembly.entity:
            good = table_folder(valid, name) / "data.parquet"
            customers = customers_of(assembly.tables[name], good, separation.keys_not_good, assembly.zone_of(name))
    sketches = {name: sketches[name] for name in assembly.tables}
    found: list[Check] = []
    for name, table in observed.items():
        found += checks.check_table(contract, name, table, sketches[name])
    found += checks.check_rows_left(contract, observed)
    found += checks.check_freshness(contract, {name: table.newest for name, table in observed.items()}, now)
    found += check_drift(contract, None)
    counts = {name: table.counts for name, table in observed.items()}
    validation = Validation(
        name=contract.name,
        source=report.source,
        checked_at=now.isoformat(timespec="seconds"),
        rows=Counts(
            read=sum(table.read for table in counts.values()),
            rejected=sum(table.rejected for table in counts.values()),
            quarantined=sum(table.quarantined for table in counts.values()),
            good=sum(table.good for table in counts.values()),
            orphaned=sum(table.orphaned for table in counts.values()),
            duplicates=sum(table.duplicates for table in counts.values()),
        ),
        checks=tuple(found),
        quarantine_reasons=_reasons(observed),
        rejection_reasons=report.reasons,
        data_hash=report.data_hash,
        tables=counts,
    )
    return validation, sketches


def _observed(report: IngestReport) -> TableObserved:
    return TableObserved(
        read=report.rows_read,
        rejected=report.rows_rejected,
        accepted=report.rows_accepted,
        extra=tuple(report.extra_columns),
        defaulted=tuple(report.defaulted_columns),
        rejection_reasons=report.reasons,
        source=report.source,
        doubtful_times=report.doubtful_times,
    )


def _reasons(observed: dict[str, TableObserved]) -> dict[str, int]:
    """Quarantined rows by reason, which begins with the table where there are several."""
    if len(observed) == 1:
        return dict(next(iter(observed.values())).reasons)
    found = Counter(
        {f"{name}: {reason}": count for name, table in observed.items() for reason, count in table.reasons.items()}
    )
    return dict(found.most_common())
