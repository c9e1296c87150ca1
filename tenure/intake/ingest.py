"""Ingest: read the tables of a dataset, parse every column, and separate the rows that do not parse."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from tenure.atomic import write_text
from tenure.contract import Contract
from tenure.contract.settings import Source as SourceSettings
from tenure.contract.sources import message_prefix, sources_of, table_folder, table_names
from tenure.errors import TenureError
from tenure.intake.report import IngestReport
from tenure.intake.table import ingest_table
from tenure.progress import progress
from tenure.sources import open_source


def ingest(
    contract: Contract,
    raw: Path,
    base_folder: Path | str = ".",
    instead: Mapping[str | None, SourceSettings | pa.Table] | None = None,
) -> IngestReport:
    """Read the tables of a contract into the folder ``raw``.

    Written are ``data.parquet`` and ``rejected.parquet`` (see ``tenure.intake.table.ingest_table``), of the tables of
    an assembly in folders ``tables/<name>``, and ``ingest.json``, the report that is returned.

    Args:
        contract: what the columns mean, and where the tables are.
        raw: folder to write to; created where it is missing.
        base_folder: folder that a relative address starts from.
        instead: tables to read in place of those that the contract names, by name; ``None`` is the name of one table
            with a label column.

    Raises:
        ContractError, DataError, SourceError, StorageError: as ``ingest_table``; of several tables, the message names
            the table.
    """
    reports: dict[str | None, IngestReport] = {}
    for name, settings in {**sources_of(contract), **(instead or {})}.items():
        prefix = message_prefix(contract, name)
        with naming_table(prefix), contextlib.closing(open_source(settings, base_folder)) as source:
            if prefix:
                progress(f"{prefix}reading {source.shown}")
            reports[name] = ingest_table(contract, name, source, table_folder(raw, name))
    report = reports[None] if None in reports else _total({str(name): found for name, found in reports.items()})
    write_text(raw / "ingest.json", report.to_json())
    return report


@contextlib.contextmanager
def naming_table(prefix: str) -> Iterator[None]:
    """Let errors begin with the name of their table.

    Raises:
        TenureError: of the block, of the same class.
    """
    try:
        yield
    except TenureError as error:
        if not prefix:
            raise
        raise type(error)(f"{prefix}{error}") from error


def _total(reports: Mapping[str, IngestReport]) -> IngestReport:
    """The report of all tables."""
    several = len(reports) > 1
    reasons: Counter[str] = Counter()
    for name, report in reports.items():
        reasons.update({f"{name}: {reason}" if several else reason: count for reason, count in report.reasons.items()})
    return IngestReport(
        source=table_names(reports) if several else next(iter(reports.values())).source,
        rows_read=sum(report.rows_read for report in reports.values()),
        rows_accepted=sum(report.rows_accepted for report in reports.values()),
        rows_rejected=sum(report.rows_rejected for report in reports.values()),
        reasons=dict(reasons.most_common()),
        extra_columns=_columns(reports, {name: report.extra_columns for name, report in reports.items()}),
        defaulted_columns=_columns(reports, {name: report.defaulted_columns for name, report in reports.items()}),
        similar_columns={
            f"{name}.{column}" if several else column: other
            for name, report in reports.items()
            for column, other in report.similar_columns.items()
        },
        data_hash=_hash(reports),
        doubtful_times=sum(report.doubtful_times for report in reports.values()),
        tables=dict(reports),
    )


def _columns(reports: Mapping[str, IngestReport], columns: Mapping[str, list[str]]) -> list[str]:
    several = len(reports) > 1
    return [f"{name}.{column}" if several else column for name, found in columns.items() for column in found]


def _hash(reports: Mapping[str, IngestReport]) -> str:
    """Hash of all tables, whatever their order; of one table its own."""
    if len(reports) == 1:
        return next(iter(reports.values())).data_hash
    total = hashlib.sha256()
    for name, report in sorted(reports.items()):
        total.update(f"{name}\0{report.data_hash}\n".encode())
    return total.hexdigest()
