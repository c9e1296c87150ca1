"""Growing XGBoost's trees for as long as rows that they do not learn from are the better for it.

``xgboost.train`` reads the loss of those rows after every round. On large tables that took a fifth of the time: it goes
into fetching the rows, hardly into the one new tree. Read once in a few rounds, it takes next to none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tenure.training.families.family import Floats, Matrix

LARGE_ROWS, LARGE_STRIDE = 10_000, 5
"""From so many rows on the loss is read once in so many rounds; on fewer, where the best round is sharp, in each."""


def grow(
    settings: Mapping[str, Any],
    train: Any,
    stop: Matrix,
    loss: Callable[[Floats], float],
    *,
    base: float,
    most: int,
    patience: int,
) -> Any:
    """The booster of the round with the least loss; of equal ones the first.

    Args:
        settings: of XGBoost.
        train: its matrix of the rows to fit on.
        stop: rows to stop by, shape (n, f).
        loss: of their margins, shape (n,).
        base: margin before the first round.
        most: rounds.
        patience: rounds without a lower loss after which it ends.
    """
    import xgboost

    booster = xgboost.Booster(dict(settings), [train])
    stride = LARGE_STRIDE if train.num_row() >= LARGE_ROWS else 1
    margin = np.full(len(stop), base)
    grown, best, least = 0, 0, np.inf
    while grown < min(most, best + patience):
        end = min(grown + stride, most)
        for number in range(grown, end):
            booster.update(train, number)
        margin += booster.inplace_predict(stop, iteration_range=(grown, end), predict_type="margin") - base
        grown, found = end, loss(margin)
        if found < least:
            best, least = end, found
    return booster[: max(1, best)]
