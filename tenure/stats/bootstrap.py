"""Resampling rows, or customers with their rows, with replacement, and the intervals that come of it (Efron 1979)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.95
"""Coverage of every interval in an evaluation."""

MAX_UNDEFINED_SHARE = 0.05
"""With more resamples than this undefined, a metric has no interval."""

FEW_ROWS_A_CELL = 10
"""Where a cell's count costs as much as drawing this many rows."""

CHUNK_CELLS = 2_000_000
"""Counts held at a time: 16 MB, whatever the number of resamples."""

GROUPS = 8_192
"""More units to draw than this are dealt into so many groups, see ``deal``."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; ``None`` is "not defined on these rows"."""

    value: float | None
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, float | None]:
        return {"value": self.value, "low": self.low, "high": self.high}


def resample_cells(cell: Ints, cells: int, customer: Ints | None, samples: int, seed: int) -> Iterator[Floats]:
    """Chunks of (resamples, cells): how often each cell is drawn when customers are drawn anew.

    Args:
        cell: (rows,) cell of each row, from 0.
        cells: how many there are.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``; None where every row is another customer's.
    """
    if customer is None:
        return resample(np.bincount(cell, minlength=cells), samples, seed)
    return _resample_customers(cell, cells, customer, samples, seed)


def resample(count: Ints, samples: int, seed: int) -> Iterator[Floats]:
    """Chunks of (resamples, cells): how often each cell is drawn when its rows are drawn anew.

    Drawing n rows with replacement and counting by cell is one multinomial draw of n over the
    cells' shares: the same distribution, without touching the rows. With few rows a cell it is
    quicker to draw the rows themselves.
    """
    yield from _draws(count, samples, seed, max(1, CHUNK_CELLS // count.size))


def _resample_customers(cell: Ints, cells: int, customer: Ints, samples: int, seed: int) -> Iterator[Floats]:
    """The cluster bootstrap: customers are drawn, each with all its rows.

    Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8, strategy 1; Field and Welsh 2007,
    "Bootstrapping clustered data". Rows of a customer are alike: drawn one by one they would give intervals as narrow
    as if each were of another customer.
    """
    from scipy.sparse import csr_array

    unit = customer
    if int(customer.max()) >= GROUPS:
        unit = deal(int(customer.max()) + 1, seed)[customer]
    units = int(unit.max()) + 1
    rows = csr_array((np.ones(cell.size), (unit, cell)), shape=(units, cells))
    for drawn in _draws(np.ones(units, dtype=np.int64), samples, seed, max(1, CHUNK_CELLS // max(units, cells))):
        yield drawn @ rows


def deal(units: int, seed: int) -> Ints:
    """Group of each unit, below ``GROUPS``: units are dealt out at random, so that groups differ in size by one.

    Groups dealt at random are samples themselves, so a sum over drawn groups varies in expectation as a sum over drawn
    units does (the method of random groups: Wolter 2007, "Introduction to variance estimation", chapter 2). The price
    is that the variance comes from ``GROUPS`` numbers, which moves the width of an interval by about
    1 / sqrt(2 * GROUPS), 0.8 %.
    """
    return np.random.default_rng((seed, 1)).permutation(units) % GROUPS


def _draws(count: Ints, samples: int, seed: int, chunk: int) -> Iterator[Floats]:
    """Chunks of at most ``chunk`` resamples."""
    generator = np.random.default_rng(seed)
    rows = int(count.sum())
    cell_of_row = np.repeat(np.arange(count.size), count) if rows < FEW_ROWS_A_CELL * count.size else None
    share = count / rows
    for start in range(0, samples, chunk):
        size = min(chunk, samples - start)
        if cell_of_row is None:
            yield generator.multinomial(rows, share, size=size).astype(np.float64)
            continue
        drawn = np.empty((size, count.size))
        for sample in drawn:
            picked = cell_of_row[generator.integers(rows, size=rows, dtype=np.int32)]
            sample[:] = np.bincount(picked, minlength=count.size)
        yield drawn


def percentile_interval(value: float, resampled: Floats, offset: float = 0.0, level: float = LEVEL) -> Estimate:
    """The middle ``level`` of ``resampled``, moved by ``offset``, around ``value``."""
    if not np.isfinite(value):
        return Estimate(None, None, None)
    defined = resampled[np.isfinite(resampled)]
    if defined.size < (1.0 - MAX_UNDEFINED_SHARE) * resampled.size:
        return Estimate(float(value), None, None)
    low, high = np.quantile(defined, ((1.0 - level) / 2.0, (1.0 + level) / 2.0)) + offset
    return Estimate(float(value), float(low), float(high))


def exact_at_the_edge(estimate: Estimate, total: float, level: float = LEVEL) -> Estimate:
    """A share of ``total`` that is 0 or 1 with the interval of Clopper & Pearson 1934.

    Resampling rows of which none (or all) count can only give none (or all) again: it would claim certainty.
    """
    if estimate.value not in (0.0, 1.0) or total <= 0:
        return estimate
    tail = ((1.0 - level) / 2.0) ** (1.0 / total)
    return Estimate(0.0, 0.0, 1.0 - tail) if estimate.value == 0.0 else Estimate(1.0, tail, 1.0)
