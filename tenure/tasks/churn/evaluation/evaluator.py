"""The evaluation of a classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.business_text import marked
from tenure.contract import Contract
from tenure.decision import Segment, customer_values
from tenure.decision.bands import divided_bands
from tenure.evaluation import Challenge, Estimate, Verdict
from tenure.evaluation.business import basis
from tenure.evaluation.evaluator import Json
from tenure.evaluation.importance import Quality
from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.scoring import TestPart, decision_of, predict
from tenure.evaluation.value_names import name_value
from tenure.stats.ranks import rank_auc
from tenure.tasks.churn.decision import ChurnDecision
from tenure.tasks.churn.evaluation.calibration_change import calibration_change
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.comparison import ChurnComparison, compare
from tenure.tasks.churn.evaluation.curves import curves
from tenure.tasks.churn.evaluation.horizons import record_horizons
from tenure.tasks.churn.evaluation.measure import measure
from tenure.tasks.churn.evaluation.paired import paired
from tenure.tasks.churn.evaluation.row_errors import PART_METRICS, row_errors
from tenure.tasks.churn.evaluation.sample import Scored
from tenure.tasks.churn.evaluation.sample_size import too_small
from tenure.tasks.churn.evaluation.segments import record_segments
from tenure.tasks.churn.evaluation.verdict import decide

TASK = "classification"

SUMMARY_METRICS = ("roc_auc", "average_precision", "precision", "recall", "calibration_error", "profit_per_period")


@dataclass(frozen=True)
class ChurnEvaluator:
    """See ``tenure.evaluation.evaluator.Evaluator``."""

    test: TestPart
    contract: Contract
    campaign: Campaign
    value: NDArray[np.float64] | None = None
    """(rows,) customer values, where segments have values of their own."""
    quality: Quality = rank_auc
    part_metrics: tuple[str, ...] = PART_METRICS
    spread_scale: float = 1.0

    @classmethod
    def of(cls, contract: Contract, test: TestPart, candidate: Bundle) -> ChurnEvaluator:
        """For a candidate, whose contact limit and segments count.

        Raises:
            BundleError: it is of another task.
        """
        decision = _decision_of(candidate)
        return cls(test, contract, Campaign.of(contract, decision.limit), _customer_values(candidate, decision, test))

    @property
    def samples(self) -> int:
        return self.contract.acceptance.bootstrap_samples

    @property
    def seed(self) -> int:
        return self.contract.training.seed

    def predict(self, bundle: Bundle, table: pa.Table) -> Scored:
        _decision_of(bundle)
        return self.gather(list(predict(bundle, table)))

    def gather(self, found: Sequence[Prediction]) -> Scored:
        return Scored(
            np.concatenate([prediction.score for prediction in found]),
            np.concatenate([prediction.decision for prediction in found]),
        )

    def measure(self, predictions: Scored) -> dict[str, Estimate]:
        return measure(
            self.test.label,
            predictions,
            self.campaign,
            samples=self.samples,
            seed=self.seed,
            value=self.value,
            customer=self.test.customer,
        )

    def compare(self, candidate: Scored, champion: Scored) -> ChurnComparison:
        return compare(
            self.test.label,
            candidate,
            champion,
            self.campaign,
            samples=self.samples,
            seed=self.seed,
            metric=self.contract.acceptance.metric,
            value=self.value,
            customer=self.test.customer,
        )

    def paired(self, candidate: Scored, champion: Scored) -> dict[str, Estimate]:
        return paired(self, candidate, champion)

    def part(self, rows: NDArray[np.bool_]) -> ChurnEvaluator:
        test = self.test.part(rows)
        campaign = self.campaign.part(test.rows / self.test.rows)
        return replace(self, test=test, campaign=campaign, value=None if self.value is None else self.value[rows])

    def on(self, rows: TestPart, samples: int) -> ChurnEvaluator:
        # Values of segments count in sums of money alone, which say nothing on rows that are not a day's customers.
        acceptance = self.contract.acceptance.model_copy(update={"bootstrap_samples": samples})
        return replace(
            self, test=rows, contract=self.contract.model_copy(update={"acceptance": acceptance}), value=None
        )

    def calibration_change(self, candidate: Bundle) -> Json | None:
        return calibration_change(candidate, _decision_of(candidate), self.test)

    def row_errors(self, predictions: Scored) -> RowErrors:
        return row_errors(self.test.label, predictions)

    def counts(self) -> Json:
        rows, churners = self.test.rows, int(self.test.label.sum())
        return {"rows": rows, "churners": churners, "churn_rate": churners / rows if rows else None}

    def too_small(self) -> str | None:
        return too_small(self.test.label, self.test.customer)

    def decide(
        self,
        metrics: dict[str, Estimate],
        predictions: Scored,
        candidate: Bundle,  # noqa: ARG002 other tasks need it
        challenge: Challenge[ChurnComparison] | None,
    ) -> Verdict:
        return decide(
            metrics,
            self.contract.acceptance,
            self.contract.business.currency,
            per=marked(basis(self.contract)),
            rows=self.test.rows,
            churners=int(self.test.label.sum()),
            constant=bool(np.ptp(predictions.probability) == 0.0),
            challenge=challenge,
            where=self.test.name,
        )

    def record(self, predictions: Scored, candidate: Bundle) -> Json:
        decision = _decision_of(candidate)
        return {
            "chosen": {
                "segments": [_segment(self.contract, segment) for segment in decision.segments],
                "calibration": decision.calibration.method,
                "bands": decision.bands,
                "divided_bands": _divided_bands(decision, predictions),
                "base_rate": decision.base_rate,
                "expected": decision.expected,
            },
            "by_segment": record_segments(self, predictions, candidate, decision),
            "business": asdict(self.campaign),
            "curves": curves(self.test.label, predictions, self.campaign, self.value, self.test.customer),
        }

    def within_times(self, candidate: Bundle) -> list[Json]:
        return record_horizons(candidate, self.test, self.campaign, samples=self.samples, seed=self.seed)

    def summarize(self, document: Json) -> Json:
        metrics = document["metrics"]
        return {
            "currency": document["business"]["currency"],
            **{name: metrics[name] for name in SUMMARY_METRICS},
            "contacts_per_period": metrics["contacts_per_period"]["value"],
            "families": {row["family"]: row["metrics"].get("roc_auc") for row in document["families"]},
        }


def _decision_of(bundle: Bundle) -> ChurnDecision:
    return decision_of(bundle, ChurnDecision, TASK)


def _divided_bands(decision: ChurnDecision, predictions: Scored) -> list[str]:
    # Where the rows were predicted by cross-fitting, each fold had a threshold of its own.
    contacted = predictions.contacted if decision.segments else decision.decide(predictions.probability)
    return divided_bands(decision.band(predictions.probability), contacted)


def _segment(contract: Contract, segment: Segment) -> Json:
    """As in ``decision.json``, with the values of a boolean column under the contract's names."""
    document = segment.to_dict()
    if segment.values is not None and contract.feature_type(segment.column) == "boolean":
        document["values"] = [name_value(contract, segment.column, bool(value)) for value in segment.values]
    return document


def _customer_values(bundle: Bundle, decision: ChurnDecision, test: TestPart) -> NDArray[np.float64] | None:
    """(rows,) worth of each customer; None where no segment of the contract has a value of its own."""
    segments, otherwise = decision.segments, bundle.contract.business.customer_value
    if all(segment.customer_value is None for segment in segments):
        return None
    inputs = {name: test.table.column(name) for name in bundle.transform.inputs}
    return customer_values(segments, bundle.transform.values(inputs), otherwise)
