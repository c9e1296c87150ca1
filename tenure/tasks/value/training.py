"""How regression models are completed: interval, bands, threshold, measurement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.decision import adaptive_half_width
from tenure.explanation import LinearTerms
from tenure.tasks.value.choose import choose_decision, within_bounds
from tenure.tasks.value.decision import ValueDecision
from tenure.tasks.value.evaluation import ScoredValues, measure
from tenure.training.cross_fitting import HeldOut
from tenure.training.encoded_part import EncodedPart
from tenure.training.families import evaluate
from tenure.training.trainer import ValidatedModel

VALIDATION_METRICS = ("rmse", "mae", "r2", "bias", "interval_width", "contacted_share")
"""The interval's coverage is not among them: the interval was made to cover these very rows."""


class ValueTrainer:
    """See ``tenure.training.trainer.Trainer``."""

    companion_family = "linear_regression"

    def output_scale(self, labels: NDArray) -> float:
        return float(labels.std())

    def decide(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> ValueDecision:
        """See ``Trainer.decide``.

        The interval's coverage is a theorem about a model that is fitted apart from the rows it is made on. Around the
        model that is shipped, which has learned from more rows than the models of the folds and has rather smaller
        errors, it is an approximation, and rather too wide than too narrow (Barber et al. 2021, "Predictive inference
        with the jackknife+", section 4); its coverage is measured on the test part.
        """
        label = rows.label.astype(np.float64)
        return choose_decision(contract, held_out.margin, label, training_label=training_labels, customers=customers)

    def validate(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> ValidatedModel:
        decision = self.decide(contract, held_out, training_labels, rows, customers)
        label, value = rows.label.astype(np.float64), decision.value(held_out.margin)
        low, high = decision.interval(value)
        measured = measure(
            label,
            ScoredValues(value, low, high, decision.level, decision.decide(value)),
            samples=contract.acceptance.bootstrap_samples,
            seed=contract.training.seed,
            customer=rows.customer,
        )
        return ValidatedModel(
            decision,
            {name: measured[name].to_json() for name in VALIDATION_METRICS},
            value,
            evaluate(contract.training.objective, label, held_out.margin),
        )

    def companion(self, contract: Contract, terms: LinearTerms, held_out: HeldOut, rows: EncodedPart) -> Companion:
        margin = held_out.margin
        value = within_bounds(contract, margin)
        half_width = adaptive_half_width(value, np.abs(value - rows.label), contract.decision.interval)
        objective = evaluate(contract.training.objective, rows.label, margin)
        return Companion(terms, None, half_width, objective)
