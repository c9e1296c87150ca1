"""A request to one model, with checked column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from serving.v2.columns import Columns
from serving.v2.request import Options

if TYPE_CHECKING:
    from serving.tables.computation import Computed
    from serving.tables.rows import TableRows


class Query(NamedTuple):
    """Rows to predict, and the options of the answer."""

    columns: Columns
    """The columns that the contract accepts by name, as the client sent them, each ``rows`` long; after
    ``ChurnModel.dated`` with the day of each row, if a feature depends on it."""
    rows: int
    options: Options
    outputs: Sequence[str] | None
    """Names of the outputs in the answer, in order; None for all."""
    id: str | None
    """The request's id in its body."""
    customers: Sequence[Any] | np.ndarray | None = None
    """Values of the contract's key, if they were sent; for the prediction log."""
    tables: Mapping[str, TableRows] | None = None
    """Rows from which the other inputs are computed, by ``ChurnModel.computed``; None if all inputs are there."""
    left_out: Computed | None = None
    """What was computed, with the rows of tables that break the contract and had no part in it."""
