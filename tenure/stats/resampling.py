"""The bootstrap for measures that are functions of sums over rows, as those of a regression are.

Up to ``GROUPS`` rows every row is drawn by itself. More rows are dealt at random into that many groups, and whole
groups are drawn: no resample touches rows (``tenure.stats.bootstrap.deal``). Where customers have several rows,
customers take the place of rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenure.stats.bootstrap import GROUPS, Floats, Ints, deal, resample


def resampled_sums(terms: Floats, samples: int, seed: int, customer: Ints | None = None) -> Iterator[Floats]:
    """Chunks of (resamples, k): the columns' sums over rows drawn anew.

    Args:
        terms: (rows, k) what is to be summed. Resamples differ in their number of rows: where it matters, it must be
            one of the sums.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``; customers are drawn, each with all its rows
            (Davison and Hinkley 1997, section 3.8; Field and Welsh 2007). None draws rows.
    """
    cells = terms if customer is None else _totals(terms, customer)
    if len(cells) > GROUPS:
        cells = _totals(cells, deal(len(cells), seed))
    for drawn in resample(np.ones(len(cells), dtype=np.int64), samples, seed):
        with np.errstate(invalid="ignore"):  # a sum that is infinite is left so
            yield drawn @ cells


def _totals(terms: Floats, group: Ints) -> Floats:
    """(groups, k) sums of the rows of each group."""
    return np.stack([np.bincount(group, weights=column) for column in terms.T], axis=1)
