"""How classification models are completed: calibration, threshold, measurement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.decision import choose_calibration, customer_values
from tenure.explanation import LinearTerms
from tenure.tasks.churn.choose import choose_decision
from tenure.tasks.churn.decision import ChurnDecision
from tenure.tasks.churn.evaluation import Campaign, Scored, measure
from tenure.training.cross_fitting import HeldOut
from tenure.training.encoded_part import EncodedPart
from tenure.training.families import evaluate
from tenure.training.trainer import ValidatedModel

VALIDATION_METRICS = (
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_error",
    "precision",
    "recall",
    "contacted_share",
    "profit_per_period",
)


class ChurnTrainer:
    """See ``tenure.training.trainer.Trainer``."""

    companion_family = "logistic_regression"

    def output_scale(self, labels: NDArray) -> float:  # noqa: ARG002 probabilities have a scale of their own
        return 1.0

    def decide(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> ChurnDecision:
        return choose_decision(
            contract,
            held_out.margin,
            held_out.probability,
            rows.label,
            link="logit" if held_out.link == "logit" else "identity",
            base_rate=float(training_labels.mean()),
            customers=customers,
            columns=rows.segment_columns,
            customer=rows.customer,
        )

    def validate(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> ValidatedModel:
        decision = self.decide(contract, held_out, training_labels, rows, customers)
        calibrated = decision.calibrate(held_out.margin, held_out.probability, columns=rows.segment_columns)
        measured = measure(
            rows.label,
            Scored(calibrated, decision.decide(calibrated, columns=rows.segment_columns)),
            Campaign.of(contract, decision.limit),
            samples=contract.acceptance.bootstrap_samples,
            seed=contract.training.seed,
            value=customer_values(decision.segments, rows.segment_columns, contract.business.customer_value),
            customer=rows.customer,
        )
        return ValidatedModel(
            decision,
            {name: measured[name].to_json() for name in VALIDATION_METRICS},
            calibrated,
            evaluate(contract.training.objective, rows.label, held_out.probability),
        )

    def companion(self, contract: Contract, terms: LinearTerms, held_out: HeldOut, rows: EncodedPart) -> Companion:
        margin, probability = held_out.margin, held_out.probability
        found = choose_calibration(
            margin,
            probability,
            rows.label,
            link="logit",
            seed=contract.training.seed,
            customer=rows.customer,
        )
        objective = evaluate(contract.training.objective, rows.label, probability)
        return Companion(terms, found.calibration, None, objective)
