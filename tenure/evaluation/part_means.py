"""Mean label of some rows, and whether their predictions are as high: for tables of parts of the test rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.stats.bootstrap import Estimate
from tenure.stats.clusters import effective_rows, standard_error
from tenure.stats.wilson import Z_95, wilson

Json = dict[str, Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def mean_of(label: Floats, customer: Ints | None, *, is_share: bool) -> Estimate:
    """The mean with its 95 % interval, of a share that of Wilson; undefined without rows."""
    if not label.size:
        return Estimate(None, None, None)
    mean = float(label.mean())
    if is_share:
        return Estimate(mean, *wilson(mean, effective_rows(label == 1.0, customer)))
    half = Z_95 * standard_error(label, customer) if label.size > 1 else np.inf
    return Estimate(mean, mean - half, mean + half) if np.isfinite(half) else Estimate(mean, None, None)


def difference_from(label: Floats, score: Floats, customer: Ints | None) -> Json:
    """Mean of label less prediction, with its 95 % interval, and which of them is larger beyond chance."""
    difference = label - score
    mean, half = float(difference.mean()), Z_95 * standard_error(difference, customer)
    if not np.isfinite(half):
        return {"difference": Estimate(mean, None, None).to_json(), "outcome": "undecided"}
    low, high = mean - half, mean + half
    outcome = "more than predicted" if low > 0.0 else "less than predicted" if high < 0.0 else "as predicted"
    return {"difference": Estimate(mean, low, high).to_json(), "outcome": outcome}
