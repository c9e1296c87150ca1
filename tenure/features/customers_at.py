"""The customers of a contract's tables as of an instant: read, checked row by row, and their inputs computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.checks.result import TableCounts
from tenure.checks.tables.validate import validate_tables
from tenure.contract import Contract
from tenure.contract.durations import DAY_US
from tenure.contract.settings import Source as SourceSettings
from tenure.contract.sources import assembly_of, message_prefix, table_folder, with_tables
from tenure.count_text import rows
from tenure.errors import DataError
from tenure.features.eligible import eligible
from tenure.features.engines.choice import choose
from tenure.features.engines.engine import Engine
from tenure.features.instant_given import check_ahead
from tenure.features.instants import instant_of, instant_text, iso_text
from tenure.features.rows import of_file
from tenure.features.tables import Tables
from tenure.features.usage import Usage, usage
from tenure.intake.customers import MAX_EXAMPLE, SHOWN_REASONS
from tenure.intake.ingest import ingest
from tenure.number_text import percent
from tenure.parsing import ROW
from tenure.progress import progress
from tenure.sources import RejectedRow, open_source


@dataclass
class CustomersAt:
    """Reads tables, and computes the inputs of the eligible customers; has what ``tenure.intake.Customers`` has.

    Rows are held against the contract as in training: those that break it, and those of customers whom the entity does
    not have, are left out and counted. Only of the entity, whose columns are inputs as they stand, any value counts:
    the model flags the ones that it does not know.
    """

    contract: Contract
    """The model's."""
    tables: Mapping[str, SourceSettings | pa.Table]
    """Addresses of the tables, or the tables in memory, by name."""
    base_folder: Path
    """Folder that a relative address starts from."""
    instant: int
    work: Path = Path()
    """Folder for the parsed tables, which grow as large as the sources; to be set before rows are read."""
    engine: Engine | None = None
    """What deals the customers; chosen by the size of the tables without it."""
    accepted: int = 0
    """Customers whose inputs were computed; grows as batches are read."""
    not_eligible: int = 0
    """Customers who exist, and for whom the contract's ``eligible`` is not true."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows of all tables that could not be read, by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """First row of each reason, with its value: ``row 5: 'many'``."""
    share: float | None = None
    counts: dict[str, TableCounts] = field(default_factory=dict)
    """Numbers of rows by table; filled when the first batch is read."""
    usage: dict[str, Usage] = field(default_factory=dict)
    """What became of the good rows at the instant, by table."""

    @property
    def shown(self) -> str:
        """The tables' address, without credentials; of several their names.

        Raises:
            ContractError: as ``tenure.sources.open_source``.
        """
        if len(self.tables) > 1:
            return f"{len(self.tables)} tables: {', '.join(self.tables)}"
        return next(iter(self.addresses.values()))

    @property
    def addresses(self) -> dict[str, str]:
        """Addresses by table, without credentials; raises as ``shown``."""
        found = {}
        for name, settings in self.tables.items():
            with closing(open_source(settings, self.base_folder)) as source:
                found[name] = source.shown
        return found

    def batches(self) -> Iterator[tuple[pa.RecordBatch, list[RejectedRow]]]:
        """Batches of customers (key, inputs, ``_row``: their number), with the rows that could not be read.

        Raises:
            DataError: a table cannot be read or lacks a column, or no customer exists and is eligible.
            ContractError, SourceError: as ``tenure.sources.Source``.
            InputError: the instant lies in the far future.
            StorageError: the disk is full or cannot be written.
        """
        raw, valid = self.work / "raw", self.work / "valid"
        report = ingest(self.contract, raw, self.base_folder, dict(self.tables.items()))
        self.rejected.update(report.reasons)
        self.counts = validate_tables(_accepting(self.contract), report, raw, valid, datetime.now(UTC))[0].tables
        assembly = assembly_of(self.contract)
        check_ahead(self.instant, assembly.zone, self.newest)
        tables = Tables.of_folder(self.contract, valid)
        engine = self.engine or choose(tables)
        self.usage = usage(self.contract, tables, [self.instant], engine)
        progress(f"computing the inputs as of {instant_text(self.instant, assembly.zone)}")
        rejected = self._rejected(raw)
        empty: pa.RecordBatch | None = None
        for batch in engine.panel(self.contract, tables, [self.instant]):
            stands = eligible(self.contract, batch)
            self.not_eligible += int(np.count_nonzero(~stands))
            kept = batch.filter(pa.array(stands)).select([assembly.key, *self.contract.inputs])
            numbers = np.arange(self.accepted + 1, self.accepted + kept.num_rows + 1, dtype=np.int64)
            kept = kept.append_column(ROW, pa.array(numbers))
            self.accepted += kept.num_rows
            empty = kept.slice(0, 0)
            yield kept, next(rejected, [])
        if empty is None or not self.accepted:
            nobody = "no customer exists"
            if self.not_eligible:
                nobody = f"none of {self.not_eligible:,} customers is eligible"
            newest = (
                "" if self.newest is None else f"; the newest event is of {instant_text(self.newest, assembly.zone)}"
            )
            raise DataError(f"{self.shown}: {nobody} as of {instant_text(self.instant, assembly.zone)}{newest}")
        for bad in rejected:
            yield empty, bad

    def require_readable(self) -> None:
        """Compare the share of rejected rows of each table with the contract's limit, once the tables are read.

        Raises:
            DataError: more rows were rejected than ``quality.max_rejected_share`` allows.
        """
        limit = self.contract.quality.max_rejected_share
        for name, counts in self.counts.items():
            if counts.rejected > limit * counts.read:
                prefix = message_prefix(self.contract, name)
                start = f"{name}: " if prefix else ""
                own = [reason for reason, _ in self.rejected.most_common() if reason.startswith(start)]
                reasons = "; ".join(f"{reason} ({rows(self.rejected[reason])})" for reason in own[:SHOWN_REASONS])
                raise DataError(
                    f"{prefix}{counts.rejected:,} of {counts.read:,} rows are rejected, "
                    f"{percent(counts.rejected / counts.read)} (limit {percent(limit)}): {reasons}"
                )

    @property
    def newest(self) -> int | None:
        """The newest row of an event, as an instant; None without one."""
        assembly = assembly_of(self.contract)
        found = []
        for name, counts in self.counts.items():
            if assembly.tables[name].kind == "events" and counts.newest is not None:
                whole = len(counts.newest) == len("2026-11-30")
                moment = date.fromisoformat(counts.newest) if whole else datetime.fromisoformat(counts.newest)
                found.append(instant_of(moment, assembly.zone_of(name) if whole else "UTC"))
        return max(found, default=None)

    def warnings(self) -> list[str]:
        """What a reader of the scores must know; one line each."""
        zone, newest, limit = assembly_of(self.contract).zone, self.newest, self.contract.quality.freshness_days
        if newest is None or limit is None or self.instant - newest <= limit * DAY_US:
            return []
        days, shown = (self.instant - newest) // DAY_US, instant_text(self.instant, zone)
        return [
            f"the newest event is of {instant_text(newest, zone)}, {days:,} days before {shown} "
            f"('quality.freshness_days' is {limit}): windows miss what happened since"
        ]

    def summary(self) -> dict[str, Any]:
        """The content for ``summary.json``: the instant, the newest event, rows by table."""
        zone, newest = assembly_of(self.contract).zone, self.newest
        return {
            "as_of": iso_text(self.instant, zone),
            "zone": zone,
            "newest_event": None if newest is None else iso_text(newest, zone),
            "not_eligible": self.not_eligible,
            "tables": {name: self._rows_of(name) for name in self.counts},
        }

    def _rows_of(self, name: str) -> dict[str, int]:
        counts, used = self.counts[name], self.usage[name]
        return {
            "read": counts.read,
            "rejected": counts.rejected,
            "quarantined": counts.quarantined,
            "orphaned": counts.orphaned,
            "duplicates": counts.duplicates,
            "late": used.late,
            "superseded": used.superseded,
            "not_yet": used.not_yet,
            "used": used.used,
        }

    def _rejected(self, raw: Path) -> Iterator[list[RejectedRow]]:
        """The rejected rows of all tables, by batches; the first of each reason is kept as an example."""
        several = len(self.tables) > 1
        for name in self.tables:
            prefix = f"{name}: " if several else ""
            kinds = [kind for kind in self.rejected if kind.startswith(prefix)]
            for batch in of_file(table_folder(raw, name) / "rejected.parquet").batches(None):
                found = []
                for row in batch.to_pylist():
                    reason = f"{prefix}{row['reason']}"
                    kind = next((kind for kind in kinds if reason.startswith(kind)), reason)
                    if kind not in self.examples:
                        value = reason.removeprefix(kind).removeprefix(": ").partition("; ")[0][:MAX_EXAMPLE]
                        self.examples[kind] = f"row {row['row']:,}{': ' if value else ''}{value}"
                    found.append(RejectedRow(row["row"], kind, reason, row["text"]))
                yield found


def _accepting(contract: Contract) -> Contract:
    """``contract`` with an entity of any values."""
    entity = assembly_of(contract).entity
    if entity is None:
        return contract
    table = contract.tables[entity]
    columns = {
        name: column.model_copy(
            update={"range": None, "nullable": True, **({"values": None} if column.is_text else {})}
        )
        if column.role in ("feature", "sensitive")
        else column
        for name, column in table.columns.items()
    }
    tables = {**contract.tables, entity: table.model_copy(update={"columns": columns})}
    return with_tables(contract, tables)
