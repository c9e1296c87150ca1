"""What is counted while the rows of one of several tables are checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tenure.checks.observed import Observed
from tenure.checks.result import TableCounts

SHOWN_KEYS = 3
"""Keys quoted of customers that are not in the entity."""


@dataclass
class TableObserved(Observed):
    """What was counted of a table."""

    source: str = ""
    """Address, without credentials."""
    doubtful_times: int = 0
    orphaned: int = 0
    """Rows of customers that are not in the entity."""
    orphan_keys: list[str] = field(default_factory=list)
    """Some of their keys."""
    entity_key: str | None = None
    """A key of the entity, to compare them with."""
    of_quarantined: int = 0
    """Rows of customers whose row in the entity is quarantined."""
    duplicates: int = 0
    """Rows that are equal to an earlier one with the same ``row_id``, known at the same instant."""
    superseded: int = 0
    late: int = 0
    known_before_time: int = 0
    before_customer: int = 0
    same_time: int = 0
    """Rows of a history or a snapshot that have the key and time of an earlier one, and no ``row_id``."""

    @property
    def lost(self) -> int:
        """Rows that did not parse or break the contract."""
        return self.rejected + self.quarantined

    @property
    def quarantined(self) -> int:
        """Rows that parsed and break the contract."""
        return self.accepted - self.good - self.orphaned - self.of_quarantined - self.duplicates

    @property
    def reasons(self) -> Counter[str]:
        """Quarantined rows by reason, the most frequent first."""
        return Counter({str(kind): count for kind, count in self.faults.most_common()})

    @property
    def counts(self) -> TableCounts:
        """The numbers of rows, for the report."""
        return TableCounts(
            read=self.read,
            rejected=self.rejected,
            quarantined=self.quarantined,
            good=self.good,
            orphaned=self.orphaned + self.of_quarantined,
            duplicates=self.duplicates,
            superseded=self.superseded,
            late=self.late,
            known_before_time=self.known_before_time,
            before_customer=self.before_customer,
            doubtful_times=self.doubtful_times,
            source=self.source,
            newest=None if self.newest is None else str(self.newest),
        )
