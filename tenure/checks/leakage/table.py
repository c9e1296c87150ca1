"""What the leakage check reads, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.checks.leakage.codes import Codes, Labels, coded
from tenure.contract.values import Floats, Text, Value

Kind = Literal[
    "ranks the label",
    "recoding of the label",
    "value of one class",
    "dated after the cut",
    "missing for one class",
    "missing in the newest rows",
    "constant",
    "order of the rows",
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]

MIN_ROWS = 30
"""Smallest number of rows on each side of a comparison of shares."""


@dataclass(frozen=True)
class Table:
    """Rows of the training part, as the leakage check needs them."""

    values: Mapping[str, Value]
    """Inputs and derived features by name, (rows,) each."""
    label: Labels | Floats
    """(rows,) 0 or 1; for regression the number, as floats."""
    orders: Mapping[str, Floats]
    """Name of an order (``row order``, the key's) to each row's place in it, (rows,)."""
    time: Floats | None
    """(rows,) time of each row in days since 1970-01-01; None where rows have no time."""
    customer: Codes | None = None
    """(rows,) code of each row's customer (``tenure.stats.clusters``); None where no two rows are of one."""

    @cached_property
    def codes(self) -> Mapping[str, Codes]:
        """(rows,) code of each value, by column; see ``coded``."""
        return {name: coded(values) for name, values in self.values.items()}

    @property
    def is_number(self) -> bool:
        """Whether the label is a number."""
        return bool(np.issubdtype(self.label.dtype, np.floating))

    @cached_property
    def upper(self) -> NDArray[np.bool_]:
        """(rows,) whether the customer left; whether a numeric label is above the smallest one."""
        return np.asarray(self.label > self.label.min())

    @cached_property
    def one_a_customer(self) -> Table:
        """The table with a random row of each customer: rows of one customer are no independent evidence."""
        if self.customer is None:
            return self
        # Not the last one: in an event log it is the last because the customer left after it.
        shuffled = np.random.default_rng(0).permutation(self.customer.size)
        chosen = np.sort(shuffled[np.unique(self.customer[shuffled], return_index=True)[1]])
        values = {
            name: Text(values.codes[chosen], values.words) if isinstance(values, Text) else values[chosen]
            for name, values in self.values.items()
        }
        orders = {name: place[chosen] for name, place in self.orders.items()}
        return Table(values, self.label[chosen], orders, None if self.time is None else self.time[chosen])

    @property
    def classes(self) -> tuple[str, str]:
        """What the rows of ``upper`` are called, and the others."""
        return ("larger labels", "smallest labels") if self.is_number else ("churners", "stayers")


@dataclass(frozen=True)
class Finding:
    """Evidence that a feature reveals the label."""

    kind: Kind
    column: str | None
    text: str
    observed: float
    limit: float
    warns: bool = False
    """Whether it never stops a run, as it may be an honest feature or cannot do harm."""
