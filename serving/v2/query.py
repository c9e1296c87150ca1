"""A request to one model, with checked column names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from serving.v2.columns import Columns
from serving.v2.request import Options


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
