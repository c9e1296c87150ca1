"""Would more rows help? The objective of models that were fitted to 1/8, 1/4, 1/2 and all of the training rows.

Within each fold of cross-validation the parts are nested, and all models of the fold are scored on the same held-out
rows. To the scores by number of rows n the power law a + b n^-c is fitted (Viering and Loog 2023, "The shape of
learning curves"), with c from ``EXPONENTS``. For a given c what twice as many rows would gain is linear in a fold's
scores: each fold gives a gain, and their mean has the interval of Nadeau and Bengio 2003, "Inference for the
generalization error", which allows for the rows that folds share.

It costs about as much as one trial of the family where the scores of all rows are those of the search, else two. At
most ``MAX_ROWS`` rows are fitted to in all folds and parts together, so that a large table costs no more than a
medium one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.progress import progress
from tenure.stats.clusters import highest_stratum
from tenure.stats.folds import Fold
from tenure.tasks import get as get_task
from tenure.training.best_trial import BestTrial
from tenure.training.encoded_part import EncodedPart, folds_of
from tenure.training.families import ROUNDS, Rows, direction, evaluate, get, is_better
from tenure.training.families.threads import limited

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
MAX_ROWS = 150_000
"""Rows fitted to, summed over folds and fractions: at most 16,000 in the largest model of five folds."""
MIN_ROWS = 25
"""Of each class, or of a regression in all, in the smallest fit."""
EXPONENTS = (0.25, 0.5, 0.75, 1.0)
SIZE_UNIT = 1_000.0
"""In which sizes are measured for the fit, so that its two columns are of about the same size."""
LEVEL = 0.95

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Json = dict[str, Any]


def learning_curve(
    contract: Contract, chosen: str, bests: Sequence[BestTrial], part: EncodedPart, *, threads: int = 1
) -> Json | None:
    """The learning curve of the chosen family's parameters; of an ensemble, of the best family that was searched.

    Args:
        chosen: name of the chosen family.
        bests: the best trial of every searched family.
        part: the training part.

    Returns:
        ``points``: rows, mean score and its standard error over folds; ``doubling``: what twice the part's rows would
        gain, more being better whatever the objective, with its interval; ``visible``: whether the interval lies above
        0; ``power_law``: a, b and c. None where the part is too small to be divided further.

    Raises:
        DataError: from the family's fit.
    """
    objective, seed = contract.training.objective, contract.training.seed
    best = next((one for one in bests if one.family == chosen), None) or _leader(bests, contract)
    folds = folds_of(part, contract).folds
    largest = min(1.0, MAX_ROWS / (sum(FRACTIONS) * sum(len(fold.train) for fold in folds)))
    fractions = [fraction * largest for fraction in FRACTIONS]
    if (
        len(folds) < 2
        or _fewest(part, folds, fractions[0], classes=get_task(contract.task).label.min_classes) < MIN_ROWS
    ):
        return None
    family = get(best.family)
    # The rounds to refit with are those for all rows: where a family stops early, it does so here, too.
    parameters = {name: value for name, value in best.parameters.items() if name != ROUNDS}
    scores = np.empty((len(folds), len(fractions)))
    with limited(threads):
        for number, fold in enumerate(folds):
            progress("measuring what more rows would help", number, len(folds))
            for place, fraction in enumerate(fractions):
                if fraction == 1.0 and number and _known(best, scores[:, place], len(folds)):
                    scores[number, place] = best.scores[number]
                    continue
                fit, stop = (_some(part, indices, fraction, seed + number) for indices in (fold.fit, fold.stop))
                rows, by = (
                    (_rows(part, fit), _rows(part, stop))
                    if family.stops_early
                    else (_rows(part, np.sort(np.concatenate([fit, stop]))), None)
                )
                model = family.fit(rows, parameters, seed=seed, threads=threads, stop=by)
                scores[number, place] = evaluate(
                    objective, part.label[fold.held], model.predict(part.matrix[fold.held])
                )
    sizes = np.array([fraction * np.mean([len(fold.train) for fold in folds]) for fraction in fractions])
    sign = 1.0 if direction(objective) == "maximize" else -1.0
    exponent, limit, coefficient = _power_law(sizes, scores.mean(axis=0))
    gains = sign * scores @ _doubling(sizes, exponent, len(part.label))
    shared = float(np.mean([len(fold.held) / len(fold.train) for fold in folds]))
    half = _t(len(folds) - 1) * math.sqrt(float(gains.var(ddof=1)) * (1.0 / len(folds) + shared))
    gain = float(gains.mean())
    return {
        "family": best.family,
        "objective": objective,
        "direction": direction(objective),
        "folds": len(folds),
        "points": [
            {
                "rows": round(float(rows)),
                "value": float(values.mean()),
                "error": float(values.std(ddof=1)) / math.sqrt(len(folds)),
            }
            for rows, values in zip(sizes, scores.T, strict=True)
        ],
        "power_law": {"limit": limit, "coefficient": coefficient, "exponent": exponent},
        "doubling": {
            "rows": 2 * len(part.label),
            "value": gain,
            "low": gain - half,
            "high": gain + half,
            "level": LEVEL,
        },
        "visible": gain - half > 0.0,
    }


def _known(best: BestTrial, scores: Floats, folds: int) -> bool:
    """Whether the search scored these very folds, as its score of the first one shows; ``scores`` (folds,)."""
    return len(best.scores) == folds and math.isclose(best.scores[0], scores[0], rel_tol=1e-9)


def _leader(bests: Sequence[BestTrial], contract: Contract) -> BestTrial:
    leader = bests[0]
    for best in bests[1:]:
        if is_better(contract.training.objective, best.mean, leader.mean):
            leader = best
    return leader


def _fewest(part: EncodedPart, folds: Sequence[Fold], fraction: float, *, classes: int) -> float:
    """Rows, of the smaller class where there are classes, in the smallest fit."""
    if classes < 2:
        return fraction * min(len(fold.train) for fold in folds)
    return fraction * min(int(np.bincount(part.label[fold.train], minlength=classes).min()) for fold in folds)


def _some(part: EncodedPart, indices: Indices, fraction: float, seed: int) -> Indices:
    """A fraction of some rows, of each class the same; with a larger fraction the same ones and more.

    Where customers have several rows, a fraction of the customers with all their rows.
    """
    label = part.label[indices]
    strata = label.astype(np.int64) if np.issubdtype(part.label.dtype, np.integer) else np.zeros(len(label), np.int64)
    unit = np.arange(len(indices))
    if part.customer is not None:
        _, unit = np.unique(part.customer[indices], return_inverse=True)
        strata = highest_stratum(strata, unit)
    random = np.random.default_rng(seed)
    kept = np.zeros(len(strata), dtype=bool)
    for value in np.unique(strata):
        units = random.permutation(np.flatnonzero(strata == value))
        kept[units[: max(2, round(fraction * len(units)))]] = True
    return indices[kept[unit]]


def _rows(part: EncodedPart, indices: Indices) -> Rows:
    return Rows(part.matrix[indices], part.label[indices])


def _power_law(sizes: Floats, scores: Floats) -> tuple[float, float, float]:
    """Exponent c, limit a and coefficient b with which a + b n^-c is closest to ``scores`` (fractions,)."""

    def fitted(exponent: float) -> Floats:
        found: Floats = np.linalg.pinv(_basis(sizes, exponent)) @ scores
        return found

    exponent = min(EXPONENTS, key=lambda one: float(np.sum((_basis(sizes, one) @ fitted(one) - scores) ** 2)))
    limit, coefficient = fitted(exponent)
    return exponent, float(limit), float(coefficient * SIZE_UNIT**exponent)


def _doubling(sizes: Floats, exponent: float, rows: int) -> Floats:
    """(fractions,) weights of the scores in the gain of twice as many ``rows`` by the power law."""
    more = _basis(np.array([2.0 * rows]), exponent) - _basis(np.array([float(rows)]), exponent)
    weights: Floats = (more @ np.linalg.pinv(_basis(sizes, exponent)))[0]
    return weights


def _basis(sizes: Floats, exponent: float) -> Floats:
    return np.column_stack([np.ones(len(sizes)), (sizes / SIZE_UNIT) ** -exponent])


def _t(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1.0 + LEVEL) / 2.0, degrees))
