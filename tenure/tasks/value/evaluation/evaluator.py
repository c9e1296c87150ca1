"""The evaluation of a regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.contract import Contract
from tenure.contract.aggregates import AGGREGATES
from tenure.decision.bands import divided_bands
from tenure.evaluation import Challenge, Estimate, Verdict
from tenure.evaluation.evaluator import Json
from tenure.evaluation.importance import Quality
from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.scoring import TestPart, decision_of, predict
from tenure.tasks.value.decision import ValueDecision
from tenure.tasks.value.evaluation.comparison import ValueComparison, compare
from tenure.tasks.value.evaluation.curves import curves
from tenure.tasks.value.evaluation.measure import Objective, measure, quality
from tenure.tasks.value.evaluation.row_errors import PART_METRICS, row_errors
from tenure.tasks.value.evaluation.sample import ScoredValues
from tenure.tasks.value.evaluation.sample_size import too_small
from tenure.tasks.value.evaluation.verdict import decide
from tenure.tasks.value.outputs import OUTPUTS

TASK = "regression"

SUMMARY_METRICS = ("rmse", "mae", "r2", "coverage")


@dataclass(frozen=True)
class ValueEvaluator:
    """See ``tenure.evaluation.evaluator.Evaluator``."""

    test: TestPart
    contract: Contract
    part_metrics: tuple[str, ...] = PART_METRICS

    @classmethod
    def of(cls, contract: Contract, test: TestPart, candidate: Bundle) -> ValueEvaluator:
        """For a candidate.

        Raises:
            BundleError: it is of another task.
        """
        _decision_of(candidate)
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
    def spread_scale(self) -> float:
        return float(np.std(self.test.label)) or 1.0

    @property
    def unit(self) -> str:
        return self.contract.label_unit or ""

    def predict(self, bundle: Bundle, table: pa.Table) -> ScoredValues:
        return _scored(list(predict(bundle, table)), _decision_of(bundle).level)

    def gather(self, found: Sequence[Prediction]) -> ScoredValues:
        return _scored(found, self.contract.decision.interval)

    def measure(self, predictions: ScoredValues) -> dict[str, Estimate]:
        test = self.test
        return measure(test.label, predictions, samples=self.samples, seed=self.seed, customer=test.customer)

    def compare(self, candidate: ScoredValues, champion: ScoredValues) -> ValueComparison:
        return compare(
            self.test.label,
            candidate,
            champion,
            objective=self.objective,
            samples=self.samples,
            seed=self.seed,
            customer=self.test.customer,
        )

    def paired(self, candidate: ScoredValues, champion: ScoredValues) -> dict[str, Estimate]:
        found = self.compare(candidate, champion)
        return {name: getattr(found, name) for name in ("rmse", "mae", "coverage", "interval_width")}

    def part(self, rows: NDArray[np.bool_]) -> ValueEvaluator:
        return replace(self, test=self.test.part(rows))

    def on(self, rows: TestPart, samples: int) -> ValueEvaluator:
        acceptance = self.contract.acceptance.model_copy(update={"bootstrap_samples": samples})
        return replace(self, test=rows, contract=self.contract.model_copy(update={"acceptance": acceptance}))

    def calibration_change(self, candidate: Bundle) -> Json | None:  # noqa: ARG002 other tasks need it
        return None

    def row_errors(self, predictions: ScoredValues) -> RowErrors:
        return row_errors(self.test.label, predictions)

    def counts(self) -> Json:
        label = self.test.label
        return {"rows": self.test.rows, "zero_labels": int(np.sum(label == 0.0))}

    def too_small(self) -> str | None:
        return too_small(self.test.label, self.test.customer)

    def decide(
        self,
        metrics: dict[str, Estimate],
        predictions: ScoredValues,
        candidate: Bundle,
        challenge: Challenge[ValueComparison] | None,
    ) -> Verdict:
        return decide(
            metrics,
            self.contract.acceptance,
            objective=self.objective,
            level=_decision_of(candidate).level,
            rows=self.test.rows,
            customers=self.test.customers,
            unit=self.unit,
            constant_label=bool(np.ptp(self.test.label) == 0.0),
            constant=predictions.constant,
            challenge=challenge,
            where=self.test.name,
        )

    def record(self, predictions: ScoredValues, candidate: Bundle) -> Json:
        decision, business = _decision_of(candidate), self.contract.business
        return {
            "chosen": {
                "bands": decision.bands,
                "divided_bands": divided_bands(decision.band(predictions.value), decision.decide(predictions.value)),
                "level": decision.level,
                "half_width": decision.half_width.to_dict(),
                "bounds": list(decision.bounds),
                "label_mean": decision.label_mean,
                "label_spread": decision.label_spread,
                "expected": decision.expected,
            },
            "business": {
                "currency": business.currency,
                "contacts": decision.limit.contacts,
                "population": decision.limit.population,
            },
            "target": _target(self.contract) | {"unit": self.unit, "objective": self.objective},
            "curves": curves(self.test.label, predictions, seed=self.seed, customer=self.test.customer),
            "band_counts": _band_counts(decision, self.test.label, predictions.value),
        }

    def within_times(self, candidate: Bundle) -> list[Json]:  # noqa: ARG002 a number has no time at which it happens
        return []

    def summarize(self, document: Json) -> Json:
        metrics, objective = document["metrics"], document["target"]["objective"]
        return {
            "unit": document["target"]["unit"],
            **{name: metrics[name] for name in SUMMARY_METRICS},
            "families": {row["family"]: row["metrics"].get(objective) for row in document["families"]},
        }


def _scored(found: Sequence[Prediction], level: float) -> ScoredValues:
    value, low, high = (np.concatenate([one.number(name) for one in found]) for name in OUTPUTS.columns)
    contacted = np.concatenate([one.decision for one in found])
    return ScoredValues(value, low, high, level, contacted)


def _decision_of(bundle: Bundle) -> ValueDecision:
    return decision_of(bundle, ValueDecision, TASK)


def _band_counts(decision: ValueDecision, label: NDArray[np.float64], value: NDArray[np.float64]) -> Json:
    """Rows of the test part by the band of the true value (row) and of the predicted one (column)."""
    names = list(decision.bands)
    pairs = Counter(zip(decision.band(label), decision.band(value), strict=True))
    return {"names": names, "rows": [[pairs[true, predicted] for predicted in names] for true in names]}


def _target(contract: Contract) -> Json:
    """Name and description of the predicted quantity."""
    label, name = contract.label, contract.label_column
    if name is not None:
        return {"name": name, "description": contract.columns[name].description or ""}
    what = AGGREGATES[str(label.aggregate)].describe(label.column)
    made = contract.assembly
    horizon = "" if made is None else f" in the next {made.label.horizon}"
    return {"name": what, "description": f"the {what}{horizon}"}
