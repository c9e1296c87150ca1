"""A candidate: the model of a family's best trial, or of several, with its decision, ready to be shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenure import tasks
from tenure.contract import Contract
from tenure.training.best_trial import BestTrial
from tenure.training.blend import blend
from tenure.training.cross_fitting import HeldOut, cross_fit
from tenure.training.export import ExportedModel, export, export_ensemble
from tenure.training.families import get
from tenure.training.rows import TrainingRows
from tenure.training.trainer import ValidatedModel


@dataclass(frozen=True)
class Candidate:
    """One family's model, ready to be shipped.

    It is fitted to all rows of training and validation part. What it is calibrated, given its threshold and measured by
    are predictions for rows held out, by models of the same parameters (see ``cross_fitting``).
    """

    best: BestTrial
    """With the parameters that all rows were fitted with."""
    model: ExportedModel
    held_out: HeldOut
    validated: ValidatedModel
    """The decision, and the measurements on the rows held out."""
    seconds: float


def make_candidate(
    contract: Contract, best: BestTrial, rows: TrainingRows, *, customers: int, threads: int = 1
) -> Candidate:
    """Cross-fit, fit, export, decide and measure one family's best trial; errors as for ``train``."""
    started = time.perf_counter()
    family, seed = get(best.family), contract.training.seed
    trainer = tasks.get(contract.task).trainer
    predicted, parameters = cross_fit(family, best.parameters, rows, seed=seed, threads=threads)
    fitted = family.fit(rows.both, parameters, seed=seed, threads=threads)
    model = export(fitted.terms(), fitted.predict, rows.validation.matrix, trainer.output_scale(rows.both.label))
    held_out = HeldOut.of(predicted, model.terms.link)
    validated = trainer.validate(contract, held_out, rows.both.label, rows.held, customers)
    return Candidate(replace(best, parameters=parameters), model, held_out, validated, _seconds(started))


def make_ensemble(contract: Contract, made: Sequence[Candidate], rows: TrainingRows, *, customers: int) -> Candidate:
    """One more candidate of the others together, see ``blend``."""
    started = time.perf_counter()
    blended = blend(
        {candidate.best.family: candidate.held_out for candidate in made},
        rows.held.label,
        objective=contract.training.objective,
        seed=contract.training.seed,
        customer=rows.held.customer,
    )
    members = [candidate.model for candidate in made if candidate.best.family in blended.weights]
    trainer = tasks.get(contract.task).trainer
    model = export_ensemble(
        members, blended.weight_array, blended.intercept, rows.validation.matrix, trainer.output_scale(rows.both.label)
    )
    validated = trainer.validate(contract, blended.held_out, rows.both.label, rows.held, customers)
    return Candidate(blended.best, model, blended.held_out, validated, _seconds(started))


def _seconds(started: float) -> float:
    return round(time.perf_counter() - started, 3)
