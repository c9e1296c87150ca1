"""What every source of a table offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

MAX_TEXT = 10_000
"""Characters kept of a rejected row: enough to recognise it, whatever its length."""


@dataclass(frozen=True)
class RejectedRow:
    """A row that cannot be read as a row of the table."""

    row: int
    """Data row in the source, 1-based, the header not counted."""
    kind: str
    """The reason without the row's own values: what rejected rows are counted by."""
    reason: str
    text: str
    """The row as it stands in the source; cut at ``MAX_TEXT`` characters, which it then says."""


@dataclass(frozen=True)
class Batch:
    """Some rows of the table, in the source's order."""

    columns: pa.RecordBatch
    """The asked-for columns: binary or text from a CSV, the source's own types otherwise; not yet parsed."""
    rows: pa.Array
    """int64, as long as ``columns``: each row's number in the source, 1-based."""
    rejected: tuple[RejectedRow, ...]
    """Rows met up to here that are no rows of the table; each is given once."""
    share: float | None
    """How much of the source is read by now, 0 to 1; None where nobody knows."""


class Source(Protocol):
    """A table somewhere. Read once, from start to end; ``close`` releases what it holds.

    Every method raises:
        DataError: the table cannot be read: not there, not of this format, damaged, empty.
        ContractError: the contract says something about the source that cannot hold.
        SourceError: the system that holds the table is down, hangs or refuses.
    """

    @property
    def shown(self) -> str:
        """The address, for people: without credentials."""
        ...

    def columns(self) -> list[str]:
        """Names of the table's columns, in its order, without repeats."""
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """The rows, with ``columns`` alone, in that order; all columns without it."""
        ...

    def close(self) -> None: ...


def cut(text: str) -> str:
    """``text``, cut at ``MAX_TEXT`` characters, which it then says."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
