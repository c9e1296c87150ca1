"""The segments of ``decision.by`` on the rows that a model is evaluated on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Bundle
from tenure.contract import Contract
from tenure.decision import NOBODY, Segment
from tenure.evaluation.part_means import difference_from, mean_of
from tenure.evaluation.scoring import TestPart
from tenure.evaluation.value_names import described
from tenure.stats.bootstrap import Estimate
from tenure.stats.clusters import customers_within
from tenure.tasks.churn.decision import ChurnDecision
from tenure.tasks.churn.evaluation.sample import Scored

METRICS = ("roc_auc", "precision", "recall", "profit_per_period")
"""Measured in every segment that is large enough."""

Json = dict[str, Any]
Bools = NDArray[np.bool_]


class Measures(Protocol):
    """What is asked of an evaluator here."""

    @property
    def contract(self) -> Contract: ...

    @property
    def test(self) -> TestPart: ...

    def part(self, rows: Bools) -> Measures: ...

    def measure(self, predictions: Scored) -> dict[str, Estimate]: ...

    def too_small(self) -> str | None: ...


def record_segments(evaluator: Measures, predictions: Scored, bundle: Bundle, decision: ChurnDecision) -> Json | None:
    """The entry ``by_segment`` of ``evaluation.json``; None if the contract has no ``decision.by``.

    A row for each segment, one for the customers of all other values, if there are any, and one for all. What a segment
    has of its own is the choice of training; the other figures are of the evaluator's rows.
    """
    chosen = decision.expected.get("by")
    if chosen is None:
        return None
    column, test = chosen["column"], evaluator.test
    values = bundle.transform.values({name: test.table.column(name) for name in bundle.transform.inputs})
    others = np.ones(test.rows, dtype=bool)
    records = []
    for made in chosen["segments"]:
        rows = Segment(made["name"], column, tuple(made["values"]), None, NOBODY).among(values)
        others &= ~rows
        records.append(made | {"kind": "segment"} | _figures(evaluator, predictions, rows))
    if others.any():
        records.append(_common("others", decision) | _figures(evaluator, predictions, others))
    records.append(_common("all", decision) | _figures(evaluator, predictions, np.ones(test.rows, dtype=bool)))
    return {
        "column": column,
        "description": described(evaluator.contract, column),
        "min_customers": chosen["min_customers"],
        "min_of_each_class": chosen["min_of_each_class"],
        "segments": records,
    }


def _common(kind: str, decision: ChurnDecision) -> Json:
    return {
        "kind": kind,
        "name": "",
        "threshold": decision.threshold,
        "own_threshold": False,
        "threshold_gain": None,
        "shift": 0.0,
        "own_calibration": False,
        "log_loss_gain": None,
    }


def _figures(evaluator: Measures, predictions: Scored, rows: Bools) -> Json:
    count = int(rows.sum())
    test, inside = evaluator.test, evaluator.part(rows)
    label, score = test.label[rows].astype(np.float64), predictions.probability[rows]
    customer, small = customers_within(test.customer, rows), inside.too_small()
    measured = {} if small else inside.measure(predictions.take(rows))
    return {
        "rows": count,
        "share": count / test.rows,
        "left": int(label.sum()),
        "too_small": small,
        "rate": mean_of(label, customer, is_share=True).to_json(),
        "mean_probability": float(score.mean()) if count else None,
        "calibration": None if small else difference_from(label, score, customer),
        "contacted": int(predictions.contacted[rows].sum()),
        "metrics": {name: measured[name].to_json() for name in METRICS if name in measured},
    }
