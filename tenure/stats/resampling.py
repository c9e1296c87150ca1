"""The bootstrap for measures that are functions of sums over rows, as those of a regression are.

Up to ``GROUPS`` rows every row is drawn by itself. More rows are dealt at random into that many groups, and whole
groups are drawn: no resample touches rows. Groups dealt at random are samples themselves, so a sum over drawn groups
varies in expectation as a sum over drawn rows does (the method of random groups: Wolter 2007, "Introduction to
variance estimation", chapter 2). The price is that the variance comes from ``GROUPS`` numbers, which moves the width
of an interval by about 1 / sqrt(2 * GROUPS), 0.8 %.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenure.stats.bootstrap import Floats, resample

GROUPS = 8_192


def resampled_sums(terms: Floats, samples: int, seed: int) -> Iterator[Floats]:
    """Chunks of (resamples, k): the columns' sums over rows drawn anew.

    Args:
        terms: (rows, k) what is to be summed. Groups differ in size by a row: where the number of rows matters, it
            must be one of the sums.
    """
    cells = _dealt(terms, seed) if len(terms) > GROUPS else terms
    for drawn in resample(np.ones(len(cells), dtype=np.int64), samples, seed):
        with np.errstate(invalid="ignore"):  # a sum that is infinite is left so
            yield drawn @ cells


def _dealt(terms: Floats, seed: int) -> Floats:
    """(GROUPS, k) sums of groups of rows that chance has put together."""
    generator = np.random.default_rng((seed, 1))
    group = generator.permutation(len(terms)) % GROUPS
    return np.stack([np.bincount(group, weights=column, minlength=GROUPS) for column in terms.T], axis=1)
