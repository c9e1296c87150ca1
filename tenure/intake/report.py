"""The report of ingest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class IngestReport:
    """The outcome of ingest; the content of ``ingest.json``. Of several tables the sums, and columns with their table's
    name: ``sessions.minutes``."""

    source: str
    """Address of the table, without credentials; of several tables their names."""
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
    doubtful_times: int = 0
    """Times that the clock of the table's zone shows twice or skips."""
    tables: dict[str, IngestReport] = field(default_factory=dict)
    """Of each table of ``contract.assembly``, by name; empty for one table with a label column."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> IngestReport:
        document = json.loads(text)
        tables = {name: cls(**table) for name, table in document.pop("tables", {}).items()}
        return cls(**document, tables=tables)
