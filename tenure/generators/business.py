"""What a generator declares: its tables, its days, and a function that simulates a block of customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.calendar import Days

CUT = "cut"


@dataclass(frozen=True)
class Table:
    """A file of a business."""

    file: str
    """Name of the file; its suffix is the format: ``.parquet`` or ``.csv``."""
    key: str
    """The column that names the customer; filled in from ``Rows.owner``."""
    columns: Mapping[str, pa.DataType]
    """All columns in their order, the key among them."""
    time: str | None = None
    """The column of instants at which a row happened."""
    known_at: str | None = None
    """The column of instants at which a row became known. A row not known by the end of the days is not written."""
    row_id: str | None = None
    """The column that a row and its corrections share."""

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(list(self.columns.items()))


@dataclass(frozen=True)
class Rows:
    """Rows of a table for a block of customers; a customer's rows are in the order in which they are written."""

    owner: NDArray[np.integer]
    """Position of each row's customer in the block; (rows,)."""
    columns: Mapping[str, Any]
    """Arrays (rows,) of all columns but the key. Instants are int64 microseconds."""


@dataclass(frozen=True)
class Truth:
    """What a model could know of customers who are present at a cut, at best, and what came of them."""

    cut: int
    """Number of the day that begins at the cut."""
    owner: NDArray[np.integer]
    """Positions in the block of the customers present; (rows,)."""
    probability: NDArray[np.float64]
    """Of label 1 over the horizon, given the customer's hidden state before the cut; (rows,)."""
    label: NDArray[np.integer]
    """What happened: 0 or 1; (rows,)."""
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """More of what is true at the cut, such as the hazard on its day; the same names at every cut."""
    expected: NDArray[np.float64] | None = None
    """Of a value over the horizon: its expectation given the hidden state before the cut; (rows,)."""
    value: NDArray[np.float64] | None = None
    """That value, as it came; (rows,)."""


@dataclass(frozen=True)
class Simulated:
    """A block of customers, simulated to the end of the days."""

    keys: pa.Array
    """The customers' keys, (size,)."""
    tables: Mapping[str, Rows]
    truths: list[Truth]
    """One for each of the business's cuts."""


@dataclass(frozen=True)
class Business:
    """An invented business."""

    description: str
    """In a sentence; shown by ``tenure generate --help``."""
    customers: int
    """How many are generated unless somebody asks for another number."""
    days: Days
    cuts: tuple[int, ...]
    """Numbers of the days that begin at a cut, for the truth."""
    horizon: int
    """Days after a cut, and the gap, over which the label is computed."""
    tables: Mapping[str, Table]
    key: str
    """The key's name in ``truth.parquet``."""
    simulate: Callable[[Block], Simulated]
    gap: int = 0
    """Days between a cut and the horizon."""
    effects: Mapping[str, Any] = field(default_factory=dict)
    """What the business is made of, for ``truth.json``: effects on the hazard, dates, rates."""


def rolling_cuts(days: Days, *, every: int, count: int, horizon: int, gap: int = 0) -> tuple[int, ...]:
    """The cuts that a contract with ``until: last`` has: ``count`` days, ``every`` days apart.

    The last day is not over with the last row of the tables, so that a horizon ends a day before.
    """
    last = days.count - 1 - horizon - gap
    return tuple(last - every * number for number in reversed(range(count)))
