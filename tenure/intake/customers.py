"""A table of customers to predict for: the model's columns, read batch by batch and parsed as in training."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tenure.contract import Column, Contract
from tenure.contract.settings import Source as SourceSettings
from tenure.count_text import rows
from tenure.errors import DataError
from tenure.number_text import percent
from tenure.parsing import ROW, parse_batch
from tenure.parsing.faults import RowFaults, absent
from tenure.parsing.lenient import valid
from tenure.parsing.parse import default_of
from tenure.sources import Batch, RejectedRow, Source, open_source

SHOWN_REASONS = 3
"""Reasons quoted where too many rows are rejected."""
MAX_EXAMPLE = 60
"""Characters of an example."""


@dataclass
class Customers:
    """Reads the key, the inputs of a model and the optional columns of the day. A label is neither needed nor read."""

    contract: Contract
    """The model's."""
    table: SourceSettings | pa.Table
    """Address of the table, or the table in memory."""
    base_folder: Path
    """Folder that a relative address starts from."""
    accepted: int = 0
    """Rows that could be read; grows as batches are read, like the rejected ones."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that could not be read, by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """First row of each reason, with its value: ``row 5: 'many'``."""
    share: float | None = None
    """Share of the table that has been read, 0 to 1; None where it is unknown."""

    @property
    def shown(self) -> str:
        """The table's address, without credentials.

        Raises:
            ContractError: as ``tenure.sources.open_source``.
        """
        return open_source(self.table, self.base_folder).shown

    def batches(self) -> Iterator[tuple[pa.RecordBatch, list[RejectedRow]]]:
        """Batches of the rows that parse (key, inputs, columns of the day, ``_row``), with the rows that do not.

        A row without a key is rejected. Of a panel there is the time column too, if the table has it; a time that
        does not parse is null there unless it is an input.

        Raises:
            DataError: the table cannot be read, or lacks a column that the model needs.
            ContractError, SourceError: as ``tenure.sources.Source``.
        """
        with contextlib.closing(open_source(self.table, self.base_folder)) as source:
            found = set(source.columns())
            wanted = self._wanted(source, found)
            present = {name: column for name, column in wanted.items() if name in found}
            defaulted = {n: c for n, c in wanted.items() if n not in found and c.default is not None}
            identifying = [name for name in self.contract.row_identity if name in found and name not in wanted]
            moments = {name: self.contract.row_columns[name] for name in identifying}
            for batch in source.batches([*present, *moments]):
                parsed, faults = parse_batch(batch.columns, present)
                self._refuse_without_key(parsed, faults)
                bad = self._count(batch, faults)
                complete = _with_defaults(parsed, defaulted)
                for name, values in zip(moments, parse_batch(batch.columns, moments)[0].columns, strict=True):
                    complete = complete.append_column(name, values)
                complete = complete.append_column(ROW, batch.rows.cast(pa.int64()))
                kept = complete.filter(pa.array(~faults.bad)) if faults.bad.any() else complete
                self.accepted += kept.num_rows
                yield kept, bad

    def require_readable(self) -> None:
        """Compare the share of rejected rows with the contract's limit, once the table is read.

        Raises:
            DataError: more rows were rejected than ``quality.max_rejected_share`` allows; the message has the most
                frequent reasons.
        """
        rejected = self.rejected.total()
        read, limit = self.accepted + rejected, self.contract.quality.max_rejected_share
        if rejected > limit * read:
            raise DataError(
                f"{self.shown}: {rejected:,} of {read:,} rows are rejected, {percent(rejected / read)} "
                f"(limit {percent(limit)}): {'; '.join(self._reasons())}"
            )

    def _reasons(self) -> Iterable[str]:
        for reason, count in self.rejected.most_common(SHOWN_REASONS):
            example = self.examples[reason]
            yield f"{reason} ({rows(count)}, the first is {example})"
        if len(self.rejected) > SHOWN_REASONS:
            yield f"and {len(self.rejected) - SHOWN_REASONS} more"

    def _wanted(self, source: Source, found: set[str]) -> Mapping[str, Column]:
        """The key and the inputs, of which the table has all that must be there."""
        key = {name: self.contract.row_columns[name] for name in self.contract.columns_of("key")}
        wanted = {**key, **self.contract.accepted}
        missing = [name for name, column in wanted.items() if name not in found and (column.required or name in key)]
        if missing and self.contract.is_assembled:
            raise DataError(
                f"{source.shown} lacks columns that the model needs: {', '.join(missing)}; or give the dataset's "
                "folder, from whose tables they are computed"
            )
        if missing:
            similar = {name.casefold(): name for name in found}
            near = next((similar[name.casefold()] for name in missing if name.casefold() in similar), None)
            hint = "" if near is None else f"; it has '{near}', and the case of letters counts"
            raise DataError(f"{source.shown} lacks columns that the model needs: {', '.join(missing)}{hint}")
        return wanted

    def _refuse_without_key(self, parsed: pa.RecordBatch, faults: RowFaults) -> None:
        for name in self.contract.columns_of("key"):
            faults.add(~valid(parsed.column(name)) & ~faults.bad, absent(name, "key"))

    def _count(self, batch: Batch, faults: RowFaults) -> list[RejectedRow]:
        """The rejected rows of a batch, counted."""
        bad = [*batch.rejected, *faults.rejected(batch.columns, batch.rows)]
        self.rejected.update(row.kind for row in bad)
        for row in bad:
            if row.kind not in self.examples:
                # Behind "; " the row's other faults begin.
                value = row.reason.removeprefix(row.kind).removeprefix(": ").partition("; ")[0]
                value = value if len(value) <= MAX_EXAMPLE else f"{value[:MAX_EXAMPLE]}…"
                self.examples[row.kind] = f"row {row.row:,}{': ' if value else ''}{value}"
        self.share = batch.share
        return bad


def _with_defaults(batch: pa.RecordBatch, columns: Mapping[str, Column]) -> pa.RecordBatch:
    for name, column in columns.items():
        batch = batch.append_column(name, pa.array([default_of(name, column)] * batch.num_rows))
    return batch
