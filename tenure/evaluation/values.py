"""Evaluating a regression: how much of something there will be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, ValuePrediction
from tenure.contract import Contract
from tenure.decision import ValueDecision
from tenure.errors import BundleError
from tenure.evaluation import Challenge, Estimate, Verdict
from tenure.evaluation.importance import Quality
from tenure.evaluation.regression import (
    Objective,
    ScoredValues,
    ValueComparison,
    compare,
    curves,
    decide,
    measure,
    quality,
    too_small,
)
from tenure.evaluation.scoring import TestPart, answers
from tenure.evaluation.setting import Json

SHOWN = ("rmse", "mae", "r2", "coverage")


@dataclass(frozen=True)
class ValueSetting:
    """See ``tenure.evaluation.setting.Setting``."""

    test: TestPart
    contract: Contract

    @classmethod
    def of(cls, contract: Contract, test: TestPart, candidate: Bundle) -> ValueSetting:
        """For a candidate.

        Raises:
            BundleError: it is of another task.
        """
        decision_of(candidate)
        return cls(test, contract)

    @property
    def samples(self) -> int:
        return self.contract.acceptance.bootstrap_samples

    @property
    def seed(self) -> int:
        return self.contract.training.seed

    @property
    def objective(self) -> Objective:
        # The contract holds no other objective for this task.
        return "mae" if self.contract.training.objective == "mae" else "rmse"

    @property
    def quality(self) -> Quality:
        return quality(self.objective)

    @property
    def unit(self) -> str:
        return self.contract.label_unit or ""

    def score(self, bundle: Bundle, table: pa.Table) -> ScoredValues:
        level = decision_of(bundle).level
        said = [answer for answer in answers(bundle, table) if isinstance(answer, ValuePrediction)]
        value, low, high, contacted = (
            np.concatenate([getattr(answer, name) for answer in said]) for name in ("value", "low", "high", "decision")
        )
        return ScoredValues(value, low, high, level, contacted)

    def measure(self, said: ScoredValues) -> dict[str, Estimate]:
        return measure(self.test.label, said, samples=self.samples, seed=self.seed)

    def compare(self, candidate: ScoredValues, champion: ScoredValues) -> ValueComparison:
        label, objective = self.test.label, self.objective
        return compare(label, candidate, champion, objective=objective, samples=self.samples, seed=self.seed)

    def part(self, rows: NDArray[np.bool_]) -> ValueSetting:
        return replace(self, test=self.test.part(rows))

    def counts(self) -> Json:
        label = self.test.label
        return {"rows": self.test.rows, "zero_labels": int(np.sum(label == 0.0))}

    def too_small(self) -> str | None:
        return too_small(self.test.label)

    def decide(
        self,
        metrics: dict[str, Estimate],
        said: ScoredValues,
        candidate: Bundle,
        challenge: Challenge[ValueComparison] | None,
    ) -> Verdict:
        return decide(
            metrics,
            self.contract.acceptance,
            objective=self.objective,
            level=decision_of(candidate).level,
            rows=self.test.rows,
            unit=self.unit,
            constant_label=bool(np.ptp(self.test.label) == 0.0),
            constant=said.constant,
            challenge=challenge,
        )

    def record(self, said: ScoredValues, candidate: Bundle) -> Json:
        decision, business = decision_of(candidate), self.contract.business
        return {
            "chosen": {
                "bands": decision.bands,
                "level": decision.level,
                "half_width": decision.half_width.to_dict(),
                "bounds": list(decision.bounds),
                "label_mean": decision.label_mean,
                "label_spread": decision.label_spread,
                "expected": decision.expected,
            },
            "business": {
                "currency": business.currency,
                "contacts_per_day": decision.limit.contacts_per_day,
                "population": decision.limit.population,
            },
            "target": _target(self.contract) | {"unit": self.unit, "objective": self.objective},
            "curves": curves(self.test.label, said, seed=self.seed),
            "band_counts": _band_counts(decision, self.test.label, said.value),
        }

    def shown(self, document: Json) -> Json:
        metrics, objective = document["metrics"], document["target"]["objective"]
        return {
            "unit": document["target"]["unit"],
            **{name: metrics[name] for name in SHOWN},
            "families": {row["family"]: row["metrics"].get(objective) for row in document["families"]},
        }


def decision_of(bundle: Bundle) -> ValueDecision:
    """What is done about a value.

    Raises:
        BundleError: the bundle predicts none.
    """
    decision: Any = bundle.decision
    if not isinstance(decision, ValueDecision):
        raise BundleError(f"the model '{bundle.manifest.family}' predicts a class, the contract's task is regression")
    return decision


def _band_counts(decision: ValueDecision, label: NDArray[np.float64], value: NDArray[np.float64]) -> Json:
    """Rows of the test part by the band of the true value (row) and of the predicted one (column)."""
    names = list(decision.bands)
    pairs = Counter(zip(decision.band(label), decision.band(value), strict=True))
    return {"names": names, "rows": [[pairs[true, predicted] for predicted in names] for true in names]}


def _target(contract: Contract) -> Json:
    """What is predicted, by name and in words."""
    label, name = contract.label, contract.label_column
    if name is not None:
        return {"name": name, "description": contract.columns[name].description or ""}
    what = f"sum of {label.column}" if label.aggregate == "sum" else "number of events"
    return {"name": what, "description": f"the {what} in the next {label.horizon_days} days"}
