"""The protocol of a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

MAX_TEXT = 10_000
"""Characters kept of a rejected row."""


@dataclass(frozen=True)
class RejectedRow:
    """A row that cannot be read as a row of the table."""

    row: int
    """Number of the row in the source, from 1, without the header."""
    kind: str
    """The reason without the row's values; rejected rows are counted by it."""
    reason: str
    text: str
    """The row as in the source, truncated to ``MAX_TEXT`` characters."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a table."""

    columns: pa.RecordBatch
    """The requested columns, not parsed: bytes from a CSV, the source's own types otherwise."""
    rows: pa.Array
    """Number of each row in the source, from 1; int64, shape (rows,)."""
    rejected: tuple[RejectedRow, ...]
    """Rows before this batch's end that cannot be read; each is in one batch only."""
    share: float | None
    """Share of the source that has been read, 0 to 1; None where it is unknown."""


class Source(Protocol):
    """A table that is read from start to end; ``close`` releases its connections.

    Raises:
        DataError: by every method, if the table does not exist, has another format, is damaged or empty.
        ContractError: by every method, if the contract's section ``source`` is invalid.
        SourceError: by every method, if the database or object store is down, does not answer in time, or refuses.
    """

    @property
    def shown(self) -> str:
        """The address for messages, without credentials."""
        ...

    def columns(self) -> list[str]:
        """Names of the table's columns, in its order; all differ."""
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Yield the rows with the named columns, in that order; with all columns for None."""
        ...

    def close(self) -> None: ...


def cut(text: str) -> str:
    """``text``, truncated to ``MAX_TEXT`` characters; a note on the length is added where it was."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
