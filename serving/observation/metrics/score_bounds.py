"""Histogram bounds for a model's scores, from the deciles of its own scores.

A rollout compares the canary's scores with stable's bucket by bucket, so two versions of a model should have bounds in
common. Between two adjacent deciles the bounds are multiples of the largest power of two that is not above their
distance: no bucket between them holds much more than a tenth of all scores, and if two versions differ in the power,
every second bound of the finer one is a bound of the coarser one too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

from tenure.tasks import get

if TYPE_CHECKING:
    from tenure.bundle import Bundle

TWENTIETHS = tuple(n / 20 for n in range(1, 20))


def score_bounds(bundle: Bundle) -> tuple[float, ...]:
    """Upper bounds of the buckets, ascending, at least one, at most 45.

    For bounded scores, such as probabilities: twentieths, and bounds from the deciles of the bundle's scores, since
    with rare churn nearly all scores are below the first twentieth. For others: bounds from the deciles only; if they
    are missing or nearly equal, from the deciles of a normal distribution with the label's mean and spread.
    """
    deciles = _deciles(bundle)
    outputs = get(bundle.contract.task).outputs
    if outputs.bounded:
        low, high = outputs.lowest, outputs.highest
        even = (low + (high - low) * share for share in TWENTIETHS)
        return tuple(sorted({*even, *(bound for bound in between(deciles) if low < bound < high)}))
    mean, spread = bundle.decision.label_mean, bundle.decision.label_spread
    if len(deciles) < 2 and spread > 0.0:
        deciles = NormalDist(mean, spread).quantiles(10)
    return between(deciles) or (mean,)


def between(deciles: Sequence[float]) -> tuple[float, ...]:
    """The bounds from ``deciles``, ascending and distinct; empty for fewer than two deciles."""
    bounds: set[float] = set()
    for low, high in pairwise(deciles):
        step = math.ldexp(1.0, math.frexp(high - low)[1] - 1)
        bounds.update(step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1))
    return tuple(sorted(bounds))


def _deciles(bundle: Bundle) -> Sequence[float]:
    """Deciles of the validation part's scores, ascending and distinct, as ``tenure.stats.ScoreProfile`` writes them.

    Read here because that package imports modules for tables, which a server does not need.
    """
    found = bundle.profile.get("scores") or {"bins": {"edges": ()}}
    return tuple(float(edge) for edge in found["bins"]["edges"])
