"""Exact TreeSHAP a row: ours in numpy against XGBoost's own ``pred_contribs``, the same model and the same rows."""

from __future__ import annotations

import numpy as np

from benchmarks.table import Row, show, side_by_side

ROWS, FEATURES, TREES, DEPTH = 20_000, 54, 300, 6


def main() -> None:
    import xgboost

    from tenure.explain import Explainer
    from tenure.families.models.xgboost import BoosterModel

    random = np.random.default_rng(7)
    matrix = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    label = (matrix[:, :5].sum(axis=1) + random.logistic(size=ROWS) > 0).astype(np.float64)
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
    show(
        f"Explaining one row: {TREES} trees of depth {DEPTH}, {FEATURES} features",
        [
            Row("ours", f"{ours / len(rows) * 1e3:.2f} ms", "target ≥ 5 times as fast"),
            Row("XGBoost pred_contribs, one thread", f"{theirs / len(rows) * 1e3:.2f} ms", f"{ratio:.1f} × ours"),
            Row("largest difference of a contribution", f"{apart:.1e}", "target ≤ 1e-4"),
        ],
    )
