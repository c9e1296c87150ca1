"""From a best trial, or the best of several, to a model with its decision: ready to be shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenure.contract import Contract
from tenure.decision import Decision, ValueDecision, choose_decision, choose_value_decision, customer_values
from tenure.evaluation import Campaign, Scored, measure, regression
from tenure.stats import ScoreProfile
from tenure.training.candidates import Best
from tenure.training.ensemble import Member, stack
from tenure.training.export import ExportedModel, export, export_ensemble, margins, score
from tenure.training.families import Rows, evaluate, get
from tenure.training.parts import Part, folds_of
from tenure.training.rows import MakingRows

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
    """One family's model, ready to be shipped.

    It is made twice. Fitted to the training part alone, it is calibrated, given its threshold, and measured on the
    validation part, which it has not seen. Then the same parameters are fitted to both parts, and that model is shipped
    with the decision made before: the validation part has as much to teach, in a table by time the newest of all.
    (So do scikit-learn's ``GridSearchCV(refit=True)``, and ``CalibratedClassifierCV(ensemble=False)``, which ships a
    model of all rows with a calibration from models of fewer.)
    """

    best: Best
    judged: ExportedModel
    """Fitted to the training part."""
    model: ExportedModel
    """Fitted to both parts, the one to ship."""
    decision: Decision | ValueDecision
    validation: dict[str, dict[str, float | None]]
    """Metric to ``{"value", "low", "high"}`` on the validation part, of ``judged``."""
    scores: ScoreProfile
    """What ``judged`` predicts for the validation part: what monitoring holds later predictions against."""
    validation_score: float
    """The objective on the validation part, of what ``judged`` says before calibration, as in cross-validation."""
    seconds: float


@dataclass(frozen=True)
class _Judged:
    """What the validation part says of a model that has not seen it."""

    decision: Decision | ValueDecision
    validation: dict[str, dict[str, float | None]]
    scores: ScoreProfile
    score: float


def make_candidate(contract: Contract, best: Best, rows: MakingRows, *, table_rows: int, threads: int = 1) -> Candidate:
    """Fit, export, decide and measure one family's best trial, and fit it anew to ship; errors as for ``run``."""
    started = time.perf_counter()
    train, family = Rows(rows.train.matrix, rows.train.label), get(best.family)

    def fitted(given: Rows) -> ExportedModel:
        found = family.fit(given, best.parameters, seed=contract.training.seed, threads=threads)
        spread = float(given.label.std()) if contract.task == "regression" else 1.0
        return export(found.terms(), found.predict, rows.validation.matrix, spread)

    model = fitted(train)
    said = _judge(contract, model, rows, table_rows=table_rows)
    return _candidate(best, model, fitted(rows.both), said, started)


def make_ensemble(
    contract: Contract, made: Sequence[Candidate], rows: MakingRows, *, table_rows: int, threads: int
) -> Candidate:
    """One more candidate of the best of the others, see ``stack``: shipped with the members that are shipped."""
    started = time.perf_counter()
    stacked = stack(
        [Member(candidate.best, candidate.judged.terms.link) for candidate in made],
        Rows(rows.train.matrix, rows.train.label),
        folds_of(rows.train, contract),
        objective=contract.training.objective,
        seed=contract.training.seed,
        threads=threads,
    )
    members = [made[index] for index in stacked.members]
    judged, model = (
        export_ensemble(models, stacked.weights, stacked.intercept, rows.validation.matrix)
        for models in ([member.judged for member in members], [member.model for member in members])
    )
    said = _judge(contract, judged, rows, table_rows=table_rows)
    return _candidate(stacked.best, judged, model, said, started)


def _candidate(best: Best, judged: ExportedModel, model: ExportedModel, said: _Judged, started: float) -> Candidate:
    return Candidate(
        best=best,
        judged=judged,
        model=model,
        decision=said.decision,
        validation=said.validation,
        scores=said.scores,
        validation_score=said.score,
        seconds=round(time.perf_counter() - started, 3),
    )


def _judge(contract: Contract, model: ExportedModel, rows: MakingRows, *, table_rows: int) -> _Judged:
    judge = _valued if contract.task == "regression" else _decided
    return judge(contract, model, rows.train, rows.validation, table_rows)


def _decided(contract: Contract, model: ExportedModel, train: Part, validation: Part, table_rows: int) -> _Judged:
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
    return _Judged(
        decision,
        {name: measured[name].to_json() for name in VALIDATION_METRICS},
        ScoreProfile.of(calibrated),
        evaluate(training.objective, validation.label, probability),
    )


def _valued(contract: Contract, model: ExportedModel, train: Part, validation: Part, table_rows: int) -> _Judged:
    """Measure the interval, set bands and threshold, and measure the model, on the validation part.

    The interval's coverage is a theorem about the model that was judged. Around the model that is shipped, which has
    learned from more rows and errs rather less, it is an approximation, and rather too wide than too narrow; what it
    covers is measured on the test part.
    """
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
    return _Judged(
        decision,
        {name: measured[name].to_json() for name in VALUE_METRICS},
        ScoreProfile.of(value),
        evaluate(training.objective, label, margin),
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
