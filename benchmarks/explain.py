"""Time to explain one row: exact TreeSHAP beside XGBoost's own ``pred_contribs``, and walks for neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row, best_of, show, side_by_side

ROWS, FEATURES, TREES, DEPTH = 20_000, 54, 300, 6
COLUMNS = 20
"""Of the neighbours' features: what a walk goes through column by column, as on telco."""


def main() -> None:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    label = (matrix[:, :5].sum(axis=1) + random.logistic(size=ROWS) > 0).astype(np.float64)
    show(f"Explaining one row: {TREES} trees of depth {DEPTH}, {FEATURES} features", _trees(matrix, label))
    show(f"Explaining one row: nearest neighbours, {FEATURES} features of {COLUMNS} columns", _walks(matrix, label))


def _trees(matrix: NDArray[np.float32], label: NDArray[np.float64]) -> list[Row]:
    import xgboost

    from tenure.explanation import Explainer
    from tenure.training.families.models.xgboost import BoosterModel

    settings = {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 1, "base_score": 0.5}
    booster = xgboost.train(settings, xgboost.QuantileDMatrix(matrix, label, nthread=1), TREES)
    explainer = Explainer(BoosterModel(booster, base=0.0).terms(), [f"f{index}" for index in range(FEATURES)])

    rows = matrix[:32]
    theirs_out = booster.predict(xgboost.DMatrix(rows, nthread=1), pred_contribs=True)[:, :-1]
    apart = np.abs(explainer.contributions(rows) - theirs_out).max()
    ours, theirs, ratio = side_by_side(
        lambda: [explainer.contributions(row[None]) for row in rows],
        lambda: [booster.predict(xgboost.DMatrix(row[None], nthread=1), pred_contribs=True) for row in rows],
    )
    return [
        Row("ours", f"{ours / len(rows) * 1e3:.2f} ms", "target ≥ 5 times as fast"),
        Row("XGBoost pred_contribs, one thread", f"{theirs / len(rows) * 1e3:.2f} ms", f"{ratio:.1f} × ours"),
        Row("largest difference of a contribution", f"{apart:.1e}", "target ≤ 1e-4"),
    ]


def _walks(matrix: NDArray[np.float32], label: NDArray[np.float64]) -> list[Row]:
    from tenure.explanation import Explainer
    from tenure.training.families import Rows, get
    from tenure.training.families.neighbours import MAX_ROWS

    family = get("k_nearest_neighbours")
    fitted = family.fit(Rows(matrix, label.astype(np.int8)), family.default, seed=1, threads=1)
    explainer = Explainer(fitted.terms(), [f"c{index % COLUMNS}" for index in range(FEATURES)])
    rows = matrix[:16]
    missing = np.abs(explainer.contributions(rows).sum(axis=1) + explainer.expected - fitted.predict(rows)).max()
    seconds = best_of(lambda: explainer.contributions(rows)) / len(rows)
    return [
        Row(f"{MAX_ROWS:,} rows kept, two walks from each of 16 rows", f"{seconds * 1e3:.1f} ms", "target < 10 ms"),
        Row("largest gap between the contributions' sum and the margin", f"{missing:.1e}", "target ≤ 1e-4"),
    ]


if __name__ == "__main__":
    main()
