"""How classification models are completed: calibration, threshold, measurement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.decision import choose_calibration, customer_values
from tenure.explanation import LinearTerms
from tenure.stats import ScoreProfile
from tenure.tasks.churn.choose import choose_decision
from tenure.tasks.churn.evaluation import Campaign, Scored, measure
from tenure.training.encoded_part import EncodedPart
from tenure.training.export import ExportedModel, score
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
    "profit_per_day",
)


class ChurnTrainer:
    """See ``tenure.training.trainer.Trainer``."""

    companion_family = "logistic_regression"

    def output_scale(self, labels: NDArray) -> float:  # noqa: ARG002 probabilities have a scale of their own
        return 1.0

    def validate(
        self,
        contract: Contract,
        model: ExportedModel,
        training_labels: NDArray[np.generic],
        validation: EncodedPart,
        customers: int,
    ) -> ValidatedModel:
        margin, probability = score(model, validation.matrix)
        decision = choose_decision(
            contract,
            margin,
            probability,
            validation.label,
            link="logit" if model.terms.link == "logit" else "identity",
            base_rate=float(training_labels.mean()),
            customers=customers,
            columns=validation.segment_columns,
            customer=validation.customer,
        )
        calibrated = decision.calibrate(margin, probability)
        measured = measure(
            validation.label,
            Scored(calibrated, decision.decide(calibrated, columns=validation.segment_columns)),
            Campaign.of(contract, decision.limit),
            samples=contract.acceptance.bootstrap_samples,
            seed=contract.training.seed,
            value=customer_values(decision.segments, validation.segment_columns, contract.business.customer_value),
            customer=validation.customer,
        )
        return ValidatedModel(
            decision,
            {name: measured[name].to_json() for name in VALIDATION_METRICS},
            ScoreProfile.of(calibrated),
            evaluate(contract.training.objective, validation.label, probability),
        )

    def companion(
        self, contract: Contract, terms: LinearTerms, model: ExportedModel, validation: EncodedPart
    ) -> Companion:
        margin, probability = score(model, validation.matrix)
        found = choose_calibration(
            margin,
            probability,
            validation.label,
            link="logit",
            seed=contract.training.seed,
            customer=validation.customer,
        )
        objective = evaluate(contract.training.objective, validation.label, probability)
        return Companion(terms, found.calibration, None, objective)
