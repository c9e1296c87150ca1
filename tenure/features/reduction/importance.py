"""The best inputs and derived features by cross-fitted permutation importance, the weakest left out step by step.

Breiman 2001, "Random forests", section 10, on rows that the model was not fitted to: how much its loss rises where a
source's values are dealt to other rows. Two sources that say the same hide each other: each seems to add nothing while
the other is there. So at most a quarter is left out at a time, and the others measured anew (Guyon et al. 2002,
recursive elimination; Gregorutti et al. 2017 for permutation importance).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.features.reduction.blocks import Block, Floats, Matrix
from tenure.features.reduction.redundancy import Dropped
from tenure.progress import progress
from tenure.stats.folds import Folds

REPEATS = 3
"""Times that a source's values are dealt anew in each fold."""
LEAVE_OUT = 0.25
"""Largest share of the sources that is left out before the others are measured again."""
ROUNDS, LEARNING_RATE, LEAVES, LEAF_ROWS = 80, 0.1, 8, 20
"""Of the quick model, scikit-learn's histogram gradient boosting."""


def weakest(
    blocks: Sequence[Block], label: NDArray[Any], folds: Folds, best: int, *, seed: int
) -> tuple[list[Dropped], dict[str, float]]:
    """All but the ``best`` sources, in the order of ``blocks``; and the importance of each when it was last measured.

    Args:
        blocks: of rows of the training part.
        label: of these rows, shape (n,); whole numbers are classes, others values.
        folds: of these rows.
        best: how many stay.
        seed: of the model and of the permutations.
    """
    left = list(blocks)
    importance: dict[str, float] = {}
    out: dict[str, Dropped] = {}
    while len(left) > best:
        progress("measuring features", len(out), len(blocks) - best)
        importance |= measure(left, label, folds, seed=seed)
        count = min(len(left) - best, max(1, int(LEAVE_OUT * len(left))))
        # Of equals the later goes first.
        ranked = sorted(left, key=lambda block: (importance[block.name], -block.places.start))
        for block in ranked[:count]:
            found = importance[block.name]
            out[block.name] = Dropped(
                block.name, "not among the best" if found > 0.0 else "adds nothing", importance=round(found, 6)
            )
            left.remove(block)
    return [out[block.name] for block in blocks if block.name in out], importance


def measure(blocks: Sequence[Block], label: NDArray[Any], folds: Folds, *, seed: int) -> dict[str, float]:
    """By source the mean rise of the loss on held-out rows: log loss of classes, squared error of values."""
    from threadpoolctl import threadpool_limits

    matrix = np.concatenate([block.columns for block in blocks], axis=1)
    ends = np.cumsum([block.columns.shape[1] for block in blocks]).tolist()
    places = [slice(end - block.columns.shape[1], end) for block, end in zip(blocks, ends, strict=True)]
    rises = np.zeros(len(blocks))
    for number, fold in enumerate(folds.folds):
        # On one thread: many short predictions would mostly wait for threads.
        with threadpool_limits(1):
            model = _fit(matrix[fold.train], label[fold.train], seed)
            rises += _rises(model, matrix[fold.held], label[fold.held], places, (seed, number))
    rises /= len(folds.folds)
    return {block.name: float(rise) for block, rise in zip(blocks, rises, strict=True)}


def _rises(model: Any, held: Matrix, label: NDArray[Any], places: Sequence[slice], seed: tuple[int, int]) -> Floats:
    """By source the mean rise of the loss on held-out rows, shape (sources,)."""
    base = _loss(model, held, label)
    rises = np.zeros(len(places))
    for index, place in enumerate(places):
        random = np.random.default_rng((*seed, index))
        for _ in range(REPEATS):
            dealt = held.copy()
            dealt[:, place] = held[random.permutation(len(held)), place]
            rises[index] += (_loss(model, dealt, label) - base) / REPEATS
    return rises


def _fit(matrix: Matrix, label: NDArray[Any], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    classes = np.issubdtype(label.dtype, np.integer)
    estimator = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return estimator(
        max_iter=ROUNDS,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAF_ROWS,
        early_stopping=False,
        random_state=seed,
    ).fit(matrix, label)


def _loss(model: Any, matrix: Matrix, label: NDArray[Any]) -> float:
    if not hasattr(model, "predict_proba"):
        errors: Floats = model.predict(matrix) - label
        return float(np.mean(errors**2))
    margin = model.decision_function(matrix)
    return float(np.mean(np.logaddexp(0.0, margin) - margin * label))
