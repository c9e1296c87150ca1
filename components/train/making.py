"""From a best trial, or the best of several, to a model with its decision: ready to be shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.parts import Part, folds_of
from components.train.candidates import Best
from components.train.ensemble import Member, stack
from tenure.contract import Contract
from tenure.decision import Decision, ValueDecision, choose_decision, choose_value_decision, customer_values
from tenure.evaluation import Campaign, Scored, measure, regression
from tenure.export import ExportedModel, export, export_ensemble, margins, score
from tenure.families import Rows, evaluate, get

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


VALUE_METRICS = ("rmse", "mae", "r2", "bias", "interval_width", "contacted_share")
"""Of a regression. The interval's coverage is not among them: the interval was made to cover these very rows."""


@dataclass(frozen=True)
class Candidate:
    """One family's model, ready to be shipped."""

    best: Best
    model: ExportedModel
    decision: Decision | ValueDecision
    validation: dict[str, dict[str, float | None]]
    """Metric to ``{"value", "low", "high"}`` on the validation part."""
    validation_score: float
    """The objective on the validation part, of the raw probabilities or values as in cross-validation."""
    seconds: float


def make_candidate(
    contract: Contract, best: Best, train: Part, validation: Part, *, table_rows: int, threads: int = 1
) -> Candidate:
    """Refit, export, decide and measure one family's best trial; errors as for ``run``."""
    started = time.perf_counter()
    rows = Rows(train.matrix, train.label)
    fitted = get(best.family).fit(rows, best.parameters, seed=contract.training.seed, threads=threads)
    if contract.task == "regression":
        model = export(fitted.terms(), fitted.predict, validation.matrix, float(train.label.std()))
        return _valued(
            contract, best, model, train=train, validation=validation, table_rows=table_rows, started=started
        )
    model = export(fitted.terms(), fitted.predict, validation.matrix)
    return _decided(contract, best, model, train=train, validation=validation, table_rows=table_rows, started=started)


def make_ensemble(
    contract: Contract, made: Sequence[Candidate], train: Part, validation: Part, *, table_rows: int, threads: int
) -> Candidate:
    """One more candidate of the best of the others; see ``stack``."""
    started = time.perf_counter()
    stacked = stack(
        [Member(candidate.best, candidate.model.terms.link) for candidate in made],
        Rows(train.matrix, train.label),
        folds_of(train, contract),
        objective=contract.training.objective,
        seed=contract.training.seed,
        threads=threads,
    )
    models = [made[index].model for index in stacked.members]
    model = export_ensemble(models, stacked.weights, stacked.intercept, validation.matrix)
    return _decided(
        contract, stacked.best, model, train=train, validation=validation, table_rows=table_rows, started=started
    )


def _decided(
    contract: Contract,
    best: Best,
    model: ExportedModel,
    *,
    train: Part,
    validation: Part,
    table_rows: int,
    started: float,
) -> Candidate:
    """Calibrate, set the threshold and measure, on the validation part."""
    training = contract.training
    margin, probability = score(model, validation.matrix)
    decision = choose_decision(
        contract,
        margin,
        probability,
        validation.label,
        link="logit" if model.terms.link == "logit" else "identity",
        base_rate=float(train.label.mean()),
        table_rows=table_rows,
        columns=validation.segment_columns,
    )
    calibrated = decision.calibrate(margin, probability)
    measured = measure(
        validation.label,
        Scored(calibrated, decision.decide(calibrated, columns=validation.segment_columns)),
        _campaign(contract, decision),
        samples=contract.acceptance.bootstrap_samples,
        seed=training.seed,
        value=customer_values(decision.segments, validation.segment_columns, contract.business.customer_value),
    )
    return Candidate(
        best=best,
        model=model,
        decision=decision,
        validation={name: measured[name].to_json() for name in VALIDATION_METRICS},
        validation_score=evaluate(training.objective, validation.label, probability),
        seconds=round(time.perf_counter() - started, 3),
    )


def _valued(
    contract: Contract,
    best: Best,
    model: ExportedModel,
    *,
    train: Part,
    validation: Part,
    table_rows: int,
    started: float,
) -> Candidate:
    """Measure the interval, set bands and threshold, and measure the model, on the validation part."""
    training, label = contract.training, validation.label.astype(np.float64)
    margin = margins(model, validation.matrix)
    decision = choose_value_decision(contract, margin, label, training_label=train.label, table_rows=table_rows)
    value = decision.value(margin)
    low, high = decision.interval(value)
    measured = regression.measure(
        label,
        regression.ScoredValues(value, low, high, decision.level, decision.decide(value)),
        samples=contract.acceptance.bootstrap_samples,
        seed=training.seed,
    )
    return Candidate(
        best=best,
        model=model,
        decision=decision,
        validation={name: measured[name].to_json() for name in VALUE_METRICS},
        validation_score=evaluate(training.objective, label, margin),
        seconds=round(time.perf_counter() - started, 3),
    )


def _campaign(contract: Contract, decision: Decision) -> Campaign:
    business = contract.business
    return Campaign(
        customer_value=business.customer_value,
        offer_cost=business.offer_cost,
        offer_success_share=business.offer_success_share,
        contacts_per_day=decision.limit.contacts_per_day,
        population=decision.limit.population,
        currency=business.currency,
    )
