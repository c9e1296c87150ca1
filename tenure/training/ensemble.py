"""The best few families as one more candidate, stacked on their predictions for rows they were not fitted on.

Log-odds of the members, weighted (Wolpert 1992), with weights that are not negative (Breiman 1996, "Stacked
regressions") and fitted by log loss to the predictions that cross-validation makes for the training part's held-out
rows. An intercept and weights that need not add up to 1 take up what the members' treatment of imbalance did to their
base rates. With few rows the weights are drawn towards an equal share each (LeBlanc and Tibshirani 1996): what they
gain by being fitted is then less than what it costs. The validation part has no say: it calibrates, and compares the
ensemble with its members.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.family_names import ENSEMBLE
from tenure.contract.settings import Objective
from tenure.explanation import Link, log_odds
from tenure.training.best_trial import BestTrial
from tenure.training.families import ROUNDS, Folds, Rows, evaluate, get, is_better

Floats = NDArray[np.float64]

MAX_MEMBERS = 3

MIN_MEMBERS = 2

SMALLEST_WEIGHT = 0.02
"""A third member with less is left out, and the others weighted anew: it would cost its whole time in serving."""

EQUAL_PULL = 30.0
"""Strength of the pull to equal weights, over the number of rows: at 1,000 rows about as strong as the data where
members differ by a unit of log-odds, at 100,000 hardly felt."""

_EDGE = 1e-9
"""Probabilities of 0 and 1 that a library rounded to are held this far from them."""


@dataclass(frozen=True)
class Member:
    """A family that may become part of the ensemble."""

    best: BestTrial
    link: Link
    """Of its margin."""


@dataclass(frozen=True)
class Stack:
    """Which members, weighted how."""

    best: BestTrial
    """The ensemble as a family: scores by fold, each with weights that were fitted to the other folds."""
    members: tuple[int, ...]
    """Positions among the given members."""
    weights: Floats
    intercept: float


def stack(
    members: Sequence[Member], rows: Rows, folds: Folds, *, objective: Objective, seed: int, threads: int
) -> Stack:
    """Weight the ``MAX_MEMBERS`` members with the best cross-validated scores, of equals the earlier.

    Raises:
        DataError: from a family's fit.
    """
    started = time.perf_counter()
    chosen = _best_members(members, objective)
    odds = [
        np.column_stack(
            [_held_odds(members[index], rows, folds, number, seed=seed, threads=threads) for index in chosen]
        )
        for number in range(len(folds.folds))
    ]
    labels = [rows.label[fold.held].astype(np.float64) for fold in folds.folds]
    keep, weights, intercept = _fit(np.concatenate(odds), np.concatenate(labels))
    scores = []
    for number in range(len(odds)):
        others = [index for index in range(len(odds)) if index != number]
        kept, theirs, base = _fit(
            np.concatenate([odds[index] for index in others]), np.concatenate([labels[index] for index in others])
        )
        margin = odds[number][:, kept] @ theirs + base
        scores.append(evaluate(objective, labels[number], np.exp(-np.logaddexp(0.0, -margin))))
    taken = tuple(chosen[index] for index in keep)
    named = {members[index].best.family: float(weight) for index, weight in zip(taken, weights, strict=True)}
    best = BestTrial(
        family=ENSEMBLE,
        parameters={**named, "intercept": intercept},
        scores=tuple(scores),
        trials=0,
        pruned=0,
        seconds=round(time.perf_counter() - started, 3),
    )
    return Stack(best, taken, weights, intercept)


def _best_members(members: Sequence[Member], objective: Objective) -> list[int]:
    ranked: list[int] = []
    for index, member in enumerate(members):
        place = len(ranked)
        while place and is_better(objective, member.best.mean, members[ranked[place - 1]].best.mean):
            place -= 1
        ranked.insert(place, index)
    return ranked[:MAX_MEMBERS]


def _held_odds(member: Member, rows: Rows, folds: Folds, number: int, *, seed: int, threads: int) -> Floats:
    """Log-odds of the fold's held-out rows, fitted as in the search: so a member's score is that of its best trial."""
    fold = folds.folds[number]
    family = get(member.best.family)

    def part(indices: NDArray[np.int64]) -> Rows:
        return Rows(rows.matrix[indices], rows.label[indices])

    given, stop = (part(fold.fit), part(fold.stop)) if family.stops_early else (part(fold.train), None)
    # Without the rounds to refit with, which are the median over folds.
    parameters = {name: value for name, value in member.best.parameters.items() if name != ROUNDS}
    model = family.fit(given, parameters, seed=seed, threads=threads, stop=stop)
    probability = model.predict(rows.matrix[fold.held])
    if member.link == "identity":
        return log_odds(probability)
    held = np.clip(probability, _EDGE, 1.0 - _EDGE)
    odds: Floats = np.log(held) - np.log1p(-held)
    return odds


def _fit(odds: Floats, label: Floats) -> tuple[list[int], Floats, float]:
    """Members to keep, their weights, and the intercept."""
    keep = list(range(odds.shape[1]))
    weights, intercept = _weigh(odds, label)
    while (weights < SMALLEST_WEIGHT).any() and len(keep) > MIN_MEMBERS:
        del keep[int(np.argmin(weights))]
        weights, intercept = _weigh(odds[:, keep], label)
    return keep, np.maximum(weights, SMALLEST_WEIGHT), intercept


def _weigh(odds: Floats, label: Floats) -> tuple[Floats, float]:
    """Weights ≥ 0 and the intercept with the smallest mean log loss and pull; odds (n, members), label (n,)."""
    from scipy.optimize import minimize

    count = odds.shape[1]

    equal, pull = 1.0 / count, EQUAL_PULL / len(label)

    def loss(x: Floats) -> tuple[float, Floats]:
        margin, away = odds @ x[:count] + x[count], x[:count] - equal
        residual = (np.exp(-np.logaddexp(0.0, -margin)) - label) / len(label)
        value = (np.logaddexp(0.0, margin) - label * margin).mean() + pull * away @ away
        return float(value), np.append(odds.T @ residual + 2.0 * pull * away, residual.sum())

    start = np.append(np.full(count, equal), 0.0)
    bounds = [(0.0, None)] * count + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-8, "ftol": 1e-12})
    return found.x[:count], float(found.x[count])
