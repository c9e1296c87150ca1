"""What a request asks of one model, its names and values checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from serving.v2.columns import Columns
from serving.v2.request import Options


class Query(NamedTuple):
    """Rows to predict, and what to say of them."""

    columns: Columns
    """The contract's inputs by name, as the client sent them, each ``rows`` long."""
    rows: int
    options: Options
    outputs: Sequence[str] | None
    """Names of the outputs wanted, in this order; all of them without it."""
    id: str | None
    """The client's own name for the request."""
    customers: Sequence[Any] | np.ndarray | None = None
    """The contract's key, if it was sent: for the prediction log."""
