"""An evaluation as the evaluate step writes it, made by the same functions from generated scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tenure.decision import break_even
from tenure.evaluation import Challenge, cut
from tenure.tasks.churn.evaluation import Campaign, Scored, compare, curves, decide, measure, too_small

FAMILIES = ("logistic_regression", "random_forest", "hist_gradient_boosting", "xgboost")
CAMPAIGN = Campaign(600.0, 10.0, 0.3, contacts=1_000, population=7_043)
ACCEPTANCE = SimpleNamespace(
    min_roc_auc=0.65,
    min_recall=0.0,
    min_precision=0.0,
    max_calibration_error=0.10,
    confidence=0.95,
    max_slice_loss=0.20,
)
LIBRARIES = {"numpy": "2.4.1", "onnx": "1.23.0", "onnxruntime": "1.31.0", "xgboost": "3.2.0"}


def to_json(metrics: dict) -> dict:
    return {name: estimate.to_json() for name, estimate in metrics.items()}


def evaluation_of(
    label: np.ndarray,
    probabilities: dict[str, np.ndarray],
    columns: dict[str, list],
    *,
    chosen: str = "xgboost",
    champion: np.ndarray | None = None,
    unreadable: str | None = None,
    acceptance: SimpleNamespace = ACCEPTANCE,
    samples: int = 200,
) -> dict[str, Any]:
    """What ``components.evaluate`` puts into ``evaluation.json``, without bundles."""
    options = {"samples": samples, "seed": 7}

    def scored(probability: np.ndarray) -> Scored:
        threshold = max(break_even(CAMPAIGN), float(np.quantile(probability, 0.86)))
        return Scored(probability, probability >= threshold)

    own = scored(probabilities[chosen])
    metrics = measure(label, own, CAMPAIGN, **options)
    challenge, record = None, None
    if unreadable is not None:
        challenge = Challenge("3", unreadable=unreadable)
        record = {"version": "3", "identical": False, "unreadable": unreadable, "notes": []}
    elif champion is not None:
        comparison = compare(label, own, scored(champion), CAMPAIGN, **options)
        challenge = Challenge("3", comparison=comparison)
        record = {
            "version": "3",
            "family": "logistic_regression",
            "identical": False,
            "unreadable": None,
            "metrics": to_json(measure(label, scored(champion), CAMPAIGN, **options)),
            "comparison": comparison.to_json(),
            "notes": ["The champion learned from the same data under another split: it may have seen these test rows."],
        }
    slices = []
    for part in cut({name: pa.array(values) for name, values in columns.items()}):
        inside = label[part.rows]
        small = too_small(inside)
        campaign = CAMPAIGN.part(inside.size / label.size)
        slices.append(
            {
                "column": part.column,
                "description": None,
                "value": part.value,
                "rows": int(inside.size),
                "churners": int(inside.sum()),
                "too_small": small,
                "metrics": {} if small else to_json(measure(inside, own.take(part.rows), campaign, **options)),
            }
        )
    verdict = decide(
        metrics,
        acceptance,
        "USD",
        per="in one campaign",
        rows=label.size,
        churners=int(label.sum()),
        constant=bool(np.ptp(own.probability) == 0),
        challenge=challenge,
    )
    drops = np.linspace(0.12, -0.001, 14)
    return {
        "name": "telco",
        "description": "Customers of a telephone company, and whether they left last month",
        "created_at": "2026-03-05T14:02:11+00:00",
        "verdict": verdict.to_json(),
        "override": "",
        "chosen": {
            "family": chosen,
            "bundle_version": "5a1b9c0d2e3f",
            "threshold": float(own.probability[own.contacted].min()) if own.contacted.any() else 2.0,
            "segments": [],
            "customers_held": 0,
            "sampled_walks": 0,
            "companion": None,
            "calibration": "sigmoid",
            "bands": {"low": 0.0, "medium": 0.3, "high": 0.6},
            "divided_bands": [],
            "expected": {
                "policy": "profit",
                "target": None,
                "target_met": None,
                "break_even_probability": break_even(CAMPAIGN),
            },
        },
        "rows": {"read": 7043, "rejected": 0, "quarantined": 2, "train": 4929, "validation": 1056, "test": label.size},
        "test": {"rows": label.size, "churners": int(label.sum()), "churn_rate": float(label.mean())},
        "business": asdict(CAMPAIGN) | {"period": "campaign", "base": "rows", "defaults": []},
        "metrics": to_json(metrics),
        "families": [
            {
                "family": name,
                "chosen": name == chosen,
                "error": None,
                "cv_mean": 0.84,
                "cv_std": 0.012,
                "validation_score": 0.85,
                "metrics": to_json(measure(label, scored(probability), CAMPAIGN, **options)),
            }
            for name, probability in probabilities.items()
        ],
        "champion": record,
        "slices": slices,
        "curves": curves(label, own, CAMPAIGN),
        "importance": [
            {
                "column": f"column_{index}",
                "drop": float(drop),
                "low": float(drop * 0.8),
                "high": float(drop * 1.2),
                "description": "what it means" if index == 1 else None,
                "unit": "months" if index == 0 else None,
            }
            for index, drop in enumerate(drops)
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
        "training": {"objective": "roc_auc"},
        "split": {"strategy": "stratified"},
        "bootstrap": {"samples": samples, "seed": 7, "level": 0.95},
        "versions": {
            "bundle_version": "5a1b9c0d2e3f",
            "data_hash": "d" * 64,
            "contract_hash": "c" * 64,
            "code_version": "9f8e7d6",
            "libraries": LIBRARIES,
        },
    }


VALIDATION = {
    "verdict": "warn",
    "checks": [
        {"name": "schema", "level": "pass", "message": "21 columns, as the contract says"},
        {"name": "outliers", "level": "warn", "message": "TotalCharges: 12 rows (0.2 %) beyond the outer fences"},
    ],
}
INGEST = {"extra_columns": ["note"], "defaulted_columns": []}


@pytest.fixture(scope="session")
def make_evaluation() -> Callable[..., dict[str, Any]]:
    """Builds an evaluation from labels, probabilities by family and columns to cut by."""
    return evaluation_of


@pytest.fixture(scope="session")
def drawn() -> dict[str, Any]:
    """Labels, probabilities of four families and two columns, for 1,057 customers."""
    generator = np.random.default_rng(3)
    logit = generator.normal(-1.5, 1.6, 1_057)
    label = (generator.random(logit.size) < 1 / (1 + np.exp(-logit))).astype(int)
    noise = {"logistic_regression": 0.5, "random_forest": 0.6, "hist_gradient_boosting": 0.45, "xgboost": 0.3}
    probabilities = {
        name: 1 / (1 + np.exp(-(logit + generator.normal(0, blur, logit.size)))) for name, blur in noise.items()
    }
    columns = {
        "gender": generator.choice(["female", "male"], logit.size).tolist(),
        "senior": (generator.random(logit.size) < 0.05).tolist(),
    }
    return {"label": label, "probabilities": probabilities, "columns": columns}
