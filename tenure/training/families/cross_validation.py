"""Scoring one set of parameters over folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tenure.contract.settings import Objective
from tenure.training.families.divided import SCOUT_ROUNDS, Divided
from tenure.training.families.family import ROUNDS, Family, Model, Parameters, Rows
from tenure.training.families.objective import evaluate
from tenure.training.families.threads import limited


@dataclass(frozen=True)
class CrossValidation:
    """Scores of the folds that were fitted; none of a trial that did not get past its scout."""

    scores: tuple[float, ...]
    rounds: tuple[int, ...]
    """Boosting rounds at which each fold stopped; empty for a family without them."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """Standard deviation over folds; 0 for a single fold."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else 0.0

    @property
    def typical_rounds(self) -> int | None:
        """Rounds to refit with: the median over folds."""
        return round(float(np.median(self.rounds))) if self.rounds else None

    def then(self, more: CrossValidation) -> CrossValidation:
        """These folds and the ones after them."""
        return CrossValidation(self.scores + more.scores, self.rounds + more.rounds)


def cross_validate(
    family: Family,
    parameters: Parameters,
    divided: Divided,
    *,
    objective: Objective,
    seed: int,
    threads: int,
    folds: range | None = None,
    go_on: Callable[[CrossValidation], bool] = lambda _so_far: True,
) -> CrossValidation:
    """Fit and score fold by fold, for as long as ``go_on`` says so.

    Scaling, weighting, resampling and early stopping happen inside the fold; its held-out rows are only scored.

    Args:
        folds: which ones; all without it.
        go_on: asked after every fold but the last of these.

    Raises:
        DataError: from the family's fit.
    """
    done = CrossValidation((), ())
    chosen = range(len(divided)) if folds is None else folds
    with limited(threads):
        for fold in chosen:
            rows, stop = (divided.fit(fold), divided.stop(fold)) if family.stops_early else (divided.train(fold), None)
            model = family.fit(rows, parameters, seed=seed, threads=threads, stop=stop)
            score = _score(model, divided.held(fold), objective)
            done = done.then(CrossValidation((score,), () if model.rounds is None else (model.rounds,)))
            if fold != chosen[-1] and not go_on(done):
                break
    return done


def scout(
    family: Family, parameters: Parameters, divided: Divided, *, objective: Objective, seed: int, threads: int
) -> float:
    """The score on the first fold's held-out rows of a model that was fitted to a few of its rows.

    It says which parameters are worth a fold where folds are large, and counts for nothing else. A boosting family may
    grow fewer rounds than on a fold: what would still be growing there at its last round is not ahead here for it.

    Raises:
        DataError: from the family's fit.
    """
    with limited(threads):
        stop = None
        if family.stops_early:
            parameters, stop = {**parameters, ROUNDS: SCOUT_ROUNDS}, divided.scout_stop()
        model = family.fit(divided.scout(), parameters, seed=seed, threads=threads, stop=stop)
        return _score(model, divided.held(0), objective)


def _score(model: Model, held: Rows, objective: Objective) -> float:
    return evaluate(objective, held.label, model.predict(held.matrix))
