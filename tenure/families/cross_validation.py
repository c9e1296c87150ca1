"""Scoring one set of parameters over folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tenure.contract.settings import Objective
from tenure.families.divided import Divided
from tenure.families.family import Family, Parameters, Rows
from tenure.families.objective import evaluate
from tenure.families.threads import limited


@dataclass(frozen=True)
class CrossValidation:
    """Scores of the folds that were fitted; none of a trial that was given up by its scout."""

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
    scouted: Callable[[float], bool] | None = None,
) -> CrossValidation:
    """Fit and score fold by fold, for as long as ``go_on`` says so.

    Scaling, weighting, resampling and early stopping happen inside the fold; its held-out rows are only scored.

    Args:
        folds: which ones; all without it.
        go_on: asked after every fold but the last of these.
        scouted: asked before the first fold, with the score on its held-out rows of a model that was fitted to a few
            of its rows, where folds are so large that this saves time; the score counts for nothing else.

    Raises:
        DataError: from the family's fit.
    """

    def fit_and_score(rows: Rows, stop: Callable[[], Rows], fold: int) -> tuple[float, int | None]:
        model = family.fit(rows, parameters, seed=seed, threads=threads, stop=stop() if family.stops_early else None)
        held = divided.held(fold)
        return evaluate(objective, held.label, model.predict(held.matrix)), model.rounds

    done = CrossValidation((), ())
    chosen = range(len(divided)) if folds is None else folds
    with limited(threads):
        if scouted is not None and divided.large:
            score, _ = fit_and_score(divided.scout(), divided.scout_stop, 0)
            if not scouted(score):
                return done
        for fold in chosen:
            rows = divided.fit(fold) if family.stops_early else divided.train(fold)
            score, stopped_at = fit_and_score(rows, partial(divided.stop, fold), fold)
            done = done.then(CrossValidation((score,), () if stopped_at is None else (stopped_at,)))
            if fold != chosen[-1] and not go_on(done):
                break
    return done
