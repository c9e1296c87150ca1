"""Rows of one table in a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.v2.errors import TooLargeError

MAX_TABLE_ROWS = 200_000
"""Rows of all tables of one request. Work on a thread cannot be interrupted; this bounds it to about a second."""

CELL_BYTES = 64
"""About how many bytes a value of a table takes while inputs are computed, beside the request's own."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """Columns of a table as they were sent, and whose rows they are."""

    columns: Mapping[str, Sequence[Any] | np.ndarray]
    """Values by column, of equal length, without the key."""
    owners: Sequence[int]
    """Index of the customer of each row, from 0."""
    place_of: Callable[[int], str]
    """Names a row in messages, by its index: ``instance 2, row 1 of 'sessions'``."""

    def __len__(self) -> int:
        return len(self.owners)

    @property
    def cells(self) -> int:
        """Number of values, keys included."""
        return len(self.owners) * (1 + len(self.columns))


def check_rows(number: int) -> None:
    """Check the number of rows of all tables of a request.

    Raises:
        TooLargeError: there are more than ``MAX_TABLE_ROWS``.
    """
    if number > MAX_TABLE_ROWS:
        raise TooLargeError(f"the request has {number:,} rows of tables, at most {MAX_TABLE_ROWS:,} are read")
