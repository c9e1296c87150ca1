"""What is counted while the rows of a table are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tenure.contract import Contract
from tenure.count_text import with_counts
from tenure.parsing.faults import Kind, RowFaults


@dataclass
class Observed:
    """What was counted while a table's rows were checked."""

    read: int = 0
    rejected: int = 0
    accepted: int = 0
    """Rows that parsed."""
    good: int = 0
    """Accepted rows that meet the contract and have a label that counts."""
    extra: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    rejection_reasons: Mapping[str, int] = field(default_factory=dict)
    faults: Counter[Kind] = field(default_factory=Counter)
    """Faults of accepted rows."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Missing values of accepted rows that are not set aside, by column."""
    identical: int = 0
    """Accepted rows that are an exact copy of an earlier row."""
    newest: date | datetime | None = None
    """Latest time of a good row; a timestamp is in UTC, without a zone."""
    positives: int = 0
    """Good rows with the positive label."""
    labels: Counter[Any] = field(default_factory=Counter)
    """Good rows by label, for a classification."""
    ignored: Counter[Any] = field(default_factory=Counter)
    """Rows set aside by label: one of ``label.ignore``."""
    unlabelled: int = 0
    """Rows set aside without a label."""
    label_faults: dict[str, Counter[str]] = field(default_factory=dict)
    """Invalid values of the label column, quoted, by the reason that their rows are rejected or quarantined for."""

    @property
    def set_aside(self) -> int:
        """Accepted rows that are not held against the contract, for their label."""
        return self.unlabelled + self.ignored.total()

    @property
    def lost(self) -> int:
        """Rows that did not parse or break the contract."""
        return self.read - self.set_aside - self.good

    def add_faults(self, contract: Contract, faults: RowFaults) -> None:
        """Count the faults of a batch of accepted rows."""
        self.faults.update(faults.counts)
        faults.count_values(contract.label_column, self.label_faults)

    def describe(self, reason: str) -> str:
        """A reason for which rows are not used; one about the label is followed by the values seen."""
        values = self.label_faults.get(reason)
        return f"{reason}: {with_counts(values)}" if values else reason
