"""Evaluating a classification: who leaves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.contract import Contract
from tenure.decision import Decision, customer_values
from tenure.errors import BundleError
from tenure.evaluation import (
    Campaign,
    Challenge,
    Comparison,
    Estimate,
    Scored,
    Verdict,
    compare,
    curves,
    decide,
    measure,
    too_small,
)
from tenure.evaluation.importance import Quality
from tenure.evaluation.scoring import TestPart, answers
from tenure.evaluation.setting import Json
from tenure.stats.ranks import rank_auc

SHOWN = ("roc_auc", "average_precision", "precision", "recall", "calibration_error", "profit_per_day")


@dataclass(frozen=True)
class ChurnSetting:
    """See ``tenure.evaluation.setting.Setting``."""

    test: TestPart
    contract: Contract
    campaign: Campaign
    value: NDArray[np.float64] | None = None
    """(rows,) customer values, where segments have values of their own."""
    quality: Quality = rank_auc

    @classmethod
    def of(cls, contract: Contract, test: TestPart, candidate: Bundle) -> ChurnSetting:
        """For a candidate, whose contact limit and segments count.

        Raises:
            BundleError: it is of another task.
        """
        decision = decision_of(candidate)
        business, limit = contract.business, decision.limit
        campaign = Campaign(
            customer_value=business.customer_value,
            offer_cost=business.offer_cost,
            offer_success_share=business.offer_success_share,
            contacts_per_day=limit.contacts_per_day,
            population=limit.population,
            currency=business.currency,
        )
        return cls(test, contract, campaign, _customer_values(candidate, decision, test))

    @property
    def samples(self) -> int:
        return self.contract.acceptance.bootstrap_samples

    @property
    def seed(self) -> int:
        return self.contract.training.seed

    def score(self, bundle: Bundle, table: pa.Table) -> Scored:
        decision_of(bundle)
        said = [answer for answer in answers(bundle, table) if isinstance(answer, Prediction)]
        return Scored(
            np.concatenate([answer.probability for answer in said]),
            np.concatenate([answer.decision for answer in said]),
        )

    def measure(self, said: Scored) -> dict[str, Estimate]:
        return measure(self.test.label, said, self.campaign, samples=self.samples, seed=self.seed, value=self.value)

    def compare(self, candidate: Scored, champion: Scored) -> Comparison:
        return compare(
            self.test.label,
            candidate,
            champion,
            self.campaign,
            samples=self.samples,
            seed=self.seed,
            metric=self.contract.acceptance.metric,
            value=self.value,
        )

    def part(self, rows: NDArray[np.bool_]) -> ChurnSetting:
        test = self.test.part(rows)
        campaign = self.campaign.part(test.rows / self.test.rows)
        return replace(self, test=test, campaign=campaign, value=None if self.value is None else self.value[rows])

    def counts(self) -> Json:
        rows, churners = self.test.rows, int(self.test.label.sum())
        return {"rows": rows, "churners": churners, "churn_rate": churners / rows if rows else None}

    def too_small(self) -> str | None:
        return too_small(self.test.label)

    def decide(
        self,
        metrics: dict[str, Estimate],
        said: Scored,
        candidate: Bundle,  # noqa: ARG002 the verdict on a regression asks it for its level
        challenge: Challenge[Comparison] | None,
    ) -> Verdict:
        return decide(
            metrics,
            self.contract.acceptance,
            self.contract.business.currency,
            rows=self.test.rows,
            churners=int(self.test.label.sum()),
            constant=bool(np.ptp(said.probability) == 0.0),
            challenge=challenge,
        )

    def record(self, said: Scored, candidate: Bundle) -> Json:
        decision = decision_of(candidate)
        return {
            "chosen": {
                "segments": [segment.to_dict() for segment in decision.segments],
                "calibration": decision.calibration.method,
                "bands": decision.bands,
                "base_rate": decision.base_rate,
                "expected": decision.expected,
            },
            "business": asdict(self.campaign),
            "curves": curves(self.test.label, said, self.campaign, self.value),
        }

    def shown(self, document: Json) -> Json:
        metrics = document["metrics"]
        return {
            "currency": document["business"]["currency"],
            **{name: metrics[name] for name in SHOWN},
            "contacts_per_day": metrics["contacts_per_day"]["value"],
            "families": {row["family"]: row["metrics"].get("roc_auc") for row in document["families"]},
        }


def decision_of(bundle: Bundle) -> Decision:
    """What is done about a probability.

    Raises:
        BundleError: the bundle predicts none.
    """
    decision: Any = bundle.decision
    if not isinstance(decision, Decision):
        raise BundleError(
            f"the model '{bundle.manifest.family}' predicts a number, the contract's task is classification"
        )
    return decision


def _customer_values(bundle: Bundle, decision: Decision, test: TestPart) -> NDArray[np.float64] | None:
    """(rows,) what each customer is worth, where the contract's segments say so."""
    segments, otherwise = decision.segments, bundle.contract.business.customer_value
    if all(segment.customer_value is None for segment in segments):
        return None
    inputs = {name: test.table.column(name) for name in bundle.transform.inputs}
    return customer_values(segments, bundle.transform.values(inputs), otherwise)
