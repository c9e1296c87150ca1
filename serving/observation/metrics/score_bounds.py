"""Buckets of a model's scores: as fine as its own scores are spread, whatever they are measured in.

A rollout compares the canary's scores with stable's bucket by bucket, so two versions of a model should have bounds in
common. Between two neighbouring deciles the bounds are the multiples of a power of two, the largest that is no wider
than they are apart: no bucket between them holds much more than a tenth of all scores, and where two versions differ in
the power, every second bound of the finer one is a bound of the coarser one too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

from tenure.decision import ValueDecision

if TYPE_CHECKING:
    from tenure.bundle import Bundle

TWENTIETHS = tuple(n / 20 for n in range(1, 20))


def score_bounds(bundle: Bundle) -> tuple[float, ...]:
    """Upper bounds of the buckets, ascending, at least one, at most 45.

    For a probability twentieths and, as where few leave nearly all lie below the first, those by the deciles of the
    bundle's own scores; for the value of a regression the latter alone. A bundle that lacks those deciles, or whose
    scores are nearly all the same, has those of the label's normal distribution in their place.
    """
    deciles = _deciles(bundle)
    if not isinstance(bundle.decision, ValueDecision):
        return tuple(sorted({*TWENTIETHS, *(bound for bound in between(deciles) if 0.0 < bound < 1.0)}))
    mean, spread = bundle.decision.label_mean, bundle.decision.label_spread
    if len(deciles) < 2 and spread > 0.0:
        deciles = NormalDist(mean, spread).quantiles(10)
    return between(deciles) or (mean,)


def between(deciles: Sequence[float]) -> tuple[float, ...]:
    """The bounds by ``deciles``, ascending and without repeats; none by fewer than two."""
    bounds: set[float] = set()
    for low, high in pairwise(deciles):
        step = math.ldexp(1.0, math.frexp(high - low)[1] - 1)
        bounds.update(step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1))
    return tuple(sorted(bounds))


def _deciles(bundle: Bundle) -> Sequence[float]:
    """Of the validation part's scores, ascending and without repeats, as ``tenure.stats.ScoreProfile`` has them.

    Read here because that package reads tables, and loads what a server has no use for.
    """
    found = bundle.profile.get("scores") or {"bins": {"edges": ()}}
    return tuple(float(edge) for edge in found["bins"]["edges"])
