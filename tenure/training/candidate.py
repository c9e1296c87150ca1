"""A candidate: the model of a family's best trial, or of several, with its decision, ready to be shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tenure import tasks
from tenure.contract import Contract
from tenure.training.best_trial import BestTrial
from tenure.training.encoded_part import folds_of
from tenure.training.ensemble import Member, stack
from tenure.training.export import ExportedModel, export, export_ensemble
from tenure.training.families import Rows, get
from tenure.training.rows import TrainingRows
from tenure.training.trainer import ValidatedModel


@dataclass(frozen=True)
class Candidate:
    """One family's model, ready to be shipped.

    It is made twice. Fitted to the training part alone, it is calibrated, given its threshold, and measured on the
    validation part, which it has not seen. Then the same parameters are fitted to both parts, and that model is shipped
    with the decision made before: the validation part has as much to teach, in a table by time the newest of all.
    (So do scikit-learn's ``GridSearchCV(refit=True)``, and ``CalibratedClassifierCV(ensemble=False)``, which ships a
    model of all rows with a calibration from models of fewer.)
    """

    best: BestTrial
    evaluated: ExportedModel
    """Fitted to the training part."""
    model: ExportedModel
    """Fitted to both parts, the one to ship."""
    validated: ValidatedModel
    """The decision and measurements of ``evaluated``."""
    seconds: float


def make_candidate(
    contract: Contract, best: BestTrial, rows: TrainingRows, *, customers: int, threads: int = 1
) -> Candidate:
    """Fit, export, decide and measure one family's best trial, and fit it again to ship; errors as for ``train``."""
    started = time.perf_counter()
    train, family = Rows(rows.train.matrix, rows.train.label), get(best.family)
    trainer = tasks.get(contract.task).trainer

    def fitted(given: Rows) -> ExportedModel:
        found = family.fit(given, best.parameters, seed=contract.training.seed, threads=threads)
        return export(found.terms(), found.predict, rows.validation.matrix, trainer.output_scale(given.label))

    evaluated = fitted(train)
    validated = trainer.validate(contract, evaluated, rows.train.label, rows.validation, customers)
    return Candidate(best, evaluated, fitted(rows.both), validated, _seconds(started))


def make_ensemble(
    contract: Contract, made: Sequence[Candidate], rows: TrainingRows, *, customers: int, threads: int
) -> Candidate:
    """One more candidate of the best of the others, see ``stack``: shipped with the members that are shipped."""
    started = time.perf_counter()
    stacked = stack(
        [Member(candidate.best, candidate.evaluated.terms.link) for candidate in made],
        Rows(rows.train.matrix, rows.train.label),
        folds_of(rows.train, contract),
        objective=contract.training.objective,
        seed=contract.training.seed,
        threads=threads,
    )
    members = [made[index] for index in stacked.members]
    evaluated, model = (
        export_ensemble(models, stacked.weights, stacked.intercept, rows.validation.matrix)
        for models in ([member.evaluated for member in members], [member.model for member in members])
    )
    trainer = tasks.get(contract.task).trainer
    validated = trainer.validate(contract, evaluated, rows.train.label, rows.validation, customers)
    return Candidate(stacked.best, evaluated, model, validated, _seconds(started))


def _seconds(started: float) -> float:
    return round(time.perf_counter() - started, 3)
