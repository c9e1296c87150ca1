"""Where a family's search begins: its default, and parameters that were best on other tables.

They were found by cross-validated log loss on tables of ``benchmarks.quality``: stumps won on five of nine splits, deep
trees on two, and no one setting was near the best on all. Trials that are drawn at random need luck to get there.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenure.training.families import Parameters, get

OTHERS: Mapping[str, tuple[Parameters, ...]] = {
    "xgboost": (
        {"learning_rate": 0.1, "max_depth": 1},
        {"learning_rate": 0.03, "max_depth": 6, "min_child_weight": 2.0, "subsample": 0.8, "colsample_bytree": 0.6},
    ),
    "hist_gradient_boosting": (
        {"max_leaf_nodes": 3, "max_features": 0.2},
        {"learning_rate": 0.05, "max_leaf_nodes": 16, "l2_regularization": 20.0, "max_features": 0.5},
    ),
    "random_forest": ({"min_samples_leaf": 3, "max_features": 0.3, "max_samples": 0.7},),
    "extra_trees": ({"min_samples_leaf": 4, "max_features": 0.8},),
    "logistic_regression": ({"C": 0.03},),
}
"""What differs from the default, by family."""


def starts(family: str, warm_start: Parameters | None = None) -> tuple[Parameters, ...]:
    """Parameters of the first trials, in their order.

    Args:
        warm_start: see ``tenure.training.search.warm_start``.
    """
    default = get(family).default
    found = [default, *({**default, **other} for other in OTHERS.get(family, ()))]
    if warm_start is not None and warm_start not in found:
        found.insert(1, warm_start)
    return tuple(found)
