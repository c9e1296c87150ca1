"""The linear model that goes with a bundle: what a server answers with while the main model fails."""

from __future__ import annotations

from collections.abc import Sequence

from tenure import tasks
from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.explanation import LinearTerms
from tenure.training.candidate import Candidate
from tenure.training.cross_fitting import HeldOut, cross_fit
from tenure.training.export import export
from tenure.training.families import get
from tenure.training.rows import TrainingRows


def make_companion(contract: Contract, made: Sequence[Candidate], rows: TrainingRows, *, threads: int = 1) -> Companion:
    """The task's linear family: the candidate of that family, or a model with its default parameters.

    It is fitted to all rows, and calibrated, or given its interval, on the rows held out, as candidates are.

    Args:
        made: the candidates.
        threads: a fit may use.

    Raises:
        DataError: there are too few rows, or too few of a class.
        TenureError: the exported terms differ from the fitted model.
    """
    trainer, seed = tasks.get(contract.task).trainer, contract.training.seed
    family = get(trainer.companion_family)
    for candidate in made:
        if candidate.best.family == family.name and isinstance(candidate.model.terms, LinearTerms):
            return trainer.companion(contract, candidate.model.terms, candidate.held_out, rows.held)
    predicted, parameters = cross_fit(family, family.default, rows, seed=seed, threads=threads)
    fitted = family.fit(rows.both, parameters, seed=seed, threads=threads)
    terms = fitted.terms()
    if not isinstance(terms, LinearTerms):
        raise TypeError(f"{family.name} is not linear")
    export(terms, fitted.predict, rows.validation.matrix, trainer.output_scale(rows.both.label))
    return trainer.companion(contract, terms, HeldOut.of(predicted, terms.link), rows.held)
