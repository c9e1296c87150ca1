"""A regression's evaluation as the evaluate step writes it, made by the same functions from generated values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tenure.contract.settings import Acceptance
from tenure.evaluation import Challenge, cut
from tenure.tasks.value.evaluation import ScoredValues, compare, curves, decide, measure, too_small

FAMILIES = {"linear_regression": 34.0, "random_forest_regression": 26.0, "xgboost_regression": 24.0}
"""Family to the standard deviation of its misses."""
OPTIONS = {"samples": 200, "seed": 7}


def to_json(metrics: dict) -> dict:
    return {name: estimate.to_json() for name, estimate in metrics.items()}


def spending(rows: int = 1_200) -> tuple[np.ndarray, dict[str, list]]:
    """What customers spent, a third of them nothing, and two columns to cut by."""
    generator = np.random.default_rng(3)
    label = np.where(generator.random(rows) < 0.3, 0.0, generator.gamma(1.4, 70.0, rows)).round(2)
    columns = {
        "gender": generator.choice(["female", "male"], rows).tolist(),
        "region": generator.choice(["north", "south", "an island far away"], rows, p=[0.6, 0.36, 0.04]).tolist(),
    }
    return label, columns


def scored(label: np.ndarray, noise: float, seed: int = 5, level: float = 0.9) -> ScoredValues:
    misses = (
        np.random.default_rng(seed).normal(0.0, 1.0, label.size) * noise * (0.4 + label / (label.mean() or 1.0)) / 1.4
    )
    value = np.clip(0.9 * label + 0.1 * label.mean() + misses, 0.0, None)
    half = float(np.quantile(np.abs(value - label), level))
    return ScoredValues(value, np.clip(value - half, 0.0, None), value + half, level, value >= 150.0)


def evaluation_of(
    label: np.ndarray,
    columns: dict[str, list],
    *,
    chosen: str = "xgboost_regression",
    champion: ScoredValues | None = None,
    unreadable: str | None = None,
    said: ScoredValues | None = None,
    **floors: Any,
) -> dict[str, Any]:
    """What ``components.evaluate`` puts into ``evaluation.json``, without bundles."""
    own = said or scored(label, FAMILIES[chosen])
    metrics = measure(label, own, **OPTIONS)
    challenge, record = None, None
    if unreadable is not None:
        challenge = Challenge("3", unreadable=unreadable)
        record = {"version": "3", "identical": False, "unreadable": unreadable, "notes": []}
    elif champion is not None:
        comparison = compare(label, own, champion, objective="rmse", **OPTIONS)
        challenge = Challenge("3", comparison=comparison)
        record = {
            "version": "3",
            "family": "linear_regression",
            "identical": False,
            "unreadable": None,
            "metrics": to_json(measure(label, champion, **OPTIONS)),
            "comparison": comparison.to_json(),
            "notes": ["The champion learned another label; both are held against the one of this contract."],
        }
    slices = []
    for part in cut({name: pa.array(values) for name, values in columns.items()}):
        inside = label[part.rows]
        small = too_small(inside)
        found = {} if small else to_json(measure(inside, own.take(part.rows), **OPTIONS))
        slices.append(
            {
                "column": part.column,
                "description": None,
                "value": part.value,
                "rows": int(inside.size),
                "zero_labels": int(np.sum(inside == 0.0)),
                "too_small": small,
                "metrics": found,
            }
        )
    verdict = decide(
        metrics,
        Acceptance(**floors),
        objective="rmse",
        level=own.level,
        rows=label.size,
        unit="USD",
        constant_label=bool(np.ptp(label) == 0.0),
        constant=own.constant,
        challenge=challenge,
    )
    families = [
        {
            "family": name,
            "chosen": name == chosen,
            "error": None,
            "cv_mean": noise,
            "cv_std": 1.4,
            "validation_score": noise,
            "metrics": to_json(metrics if name == chosen else measure(label, scored(label, noise), **OPTIONS)),
        }
        for name, noise in FAMILIES.items()
    ]
    return {
        "task": "regression",
        "name": "future-spend",
        "description": "What customers of a shop will spend in the next 90 days",
        "created_at": "2026-03-05T14:02:11+00:00",
        "verdict": verdict.to_json(),
        "override": "",
        "chosen": {
            "family": chosen,
            "bundle_version": "5a1b9c0d2e3f",
            "customers_held": 0,
            "sampled_walks": 0,
            "companion": None,
            "threshold": 150.0,
            "bands": {"low": 0.0, "medium": 41.5, "high": 96.25},
            "divided_bands": [],
            "level": own.level,
            "half_width": {"values": [0.0], "half_widths": [44.0]},
            "bounds": [0.0, None],
            "label_mean": 68.4,
            "label_spread": 79.1,
            "expected": {"mean_value": 69.0, "mean_value_contacted": 203.4, "contacted_share": 0.12},
        },
        "rows": {"read": 8000, "rejected": 0, "quarantined": 2, "train": 5600, "validation": 1200, "test": label.size},
        "test": {"rows": label.size, "zero_labels": int(np.sum(label == 0.0))},
        "business": {
            "currency": "USD",
            "contacts": 100,
            "population": 8_000,
            "period": "campaign",
            "base": "rows",
            "defaults": [],
        },
        "target": {
            "name": "future_spend",
            "description": "what a customer spends in the next 90 days",
            "unit": "USD",
            "objective": "rmse",
        },
        "metrics": to_json(metrics),
        "families": families,
        "champion": record,
        "slices": slices,
        "curves": curves(label, own, seed=7),
        "importance": [
            {
                "column": f"column_{index}",
                "drop": float(drop),
                "low": float(drop * 0.8),
                "high": float(drop * 1.2),
                "description": "what it means" if index == 1 else None,
                "unit": "months" if index == 0 else None,
            }
            for index, drop in enumerate(np.linspace(32.5, -0.4, 14))
        ],
        "effects": [
            {
                "column": "column_0",
                "kind": "number",
                "points": [
                    {"value": 0.0, "effect": 0.3, "rows": 4},
                    {"value": 12.0, "effect": 0.05, "rows": 500},
                    {"value": 72.0, "effect": -0.2, "rows": 540},
                ],
                "others": 13,
            },
            {
                "column": "column_1",
                "kind": "category",
                "points": [
                    {"value": "Month-to-month", "effect": 0.08, "rows": 600},
                    {"value": "<b>Two</b>", "effect": -0.1, "rows": 440},
                    {"value": None, "effect": 0.01, "rows": 17},
                ],
                "others": 0,
            },
        ],
        "interactions": [{"columns": ["column_0", "column_1"], "share": 0.123, "size": 0.2}],
        "training": {"objective": "rmse"},
        "split": {"strategy": "time"},
        "bootstrap": {"samples": 200, "seed": 7, "level": 0.95},
        "versions": {
            "bundle_version": "5a1b9c0d2e3f",
            "data_hash": "d" * 64,
            "contract_hash": "c" * 64,
            "code_version": "9f8e7d6",
            "libraries": {"numpy": "2.4.1", "onnx": "1.23.0"},
        },
    }
