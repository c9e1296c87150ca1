"""By how much a candidate beats a champion in the contract's decision metric: the paired bootstrap.

A resample never touches rows: each metric needs the rows only as cells of rows that count alike for both models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import DecisionMetric
from tenure.errors import DataError
from tenure.evaluation.advantage import Advantage
from tenure.stats.bootstrap import percentile_interval, resample_cells
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.metrics import average_precision, roc_auc
from tenure.tasks.churn.evaluation.sample import Floats, Ints, Scored, group, log_error, share_groups

LESS_IS_BETTER = frozenset({"log_loss", "brier"})

DIFFERENCE_CELLS = 256
"""Cells of a mean: rows in the order of their difference, so that those of a cell hardly differ."""

SCORE_GROUPS = 128
"""Groups of each model's scores in a resampled ranking; the point itself is exact."""


def advantage(
    label: NDArray[np.integer],
    candidate: Scored,
    champion: Scored,
    campaign: Campaign,
    *,
    samples: int,
    seed: int,
    metric: DecisionMetric = "profit",
    value: Floats | None = None,
    customer: Ints | None = None,
) -> Advantage:
    """Paired bootstrap of ``metric`` over rows with ``label`` (rows,) in {0, 1}, both classes present.

    Args:
        value: (rows,) customer values, where they are not the campaign's.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``: customers are drawn, with all their rows.

    Raises:
        DataError: if the two have not scored the same number of rows.
    """
    if not label.size == candidate.probability.size == champion.probability.size:
        raise DataError(
            f"candidate and champion must score the same rows: {label.size} labels,"
            f" {candidate.probability.size} and {champion.probability.size} probabilities"
        )
    if metric == "profit":
        cells = _profit(label, candidate, champion, campaign, value)
    elif metric in LESS_IS_BETTER:
        cells = _mean_error(label, candidate, champion, log_error if metric == "log_loss" else _squared_error)
    else:
        cells = _ranking(label, candidate, champion, roc_auc if metric == "roc_auc" else average_precision)
    own = cells.both(cells.count.astype(np.float64)[np.newaxis, :])[0]
    ours, theirs = own if cells.exact is None else cells.exact
    draws = resample_cells(cells.cell, cells.count.size, customer, samples, seed)
    resampled = np.concatenate([cells.both(drawn) @ (1.0, -1.0) for drawn in draws])
    value_here, offset = float(ours - theirs), float((ours - theirs) - (own[0] - own[1]))
    sign = -1.0 if metric in LESS_IS_BETTER else 1.0
    rate = float(label.mean())
    nothing = {
        "profit": 0.0,
        "roc_auc": 0.5,
        "average_precision": rate,
        "brier": rate * (1.0 - rate),
        "log_loss": -(rate * np.log(rate) + (1.0 - rate) * np.log1p(-rate)) if 0.0 < rate < 1.0 else 0.0,
    }[metric]
    return Advantage(
        metric=metric,
        rows=label.size,
        difference=percentile_interval(value_here, resampled, offset),
        gains=sign * (resampled + offset),
        worth=sign * float(theirs - nothing),
    )


@dataclass(frozen=True)
class _Cells:
    """Rows as cells, and the metric of both models from how often each cell is drawn."""

    count: Ints
    """(cells,) rows in the cell."""
    cell: Ints
    """(rows,) index of each row's cell."""
    both: Callable[[Floats], Floats]
    """(resamples, cells) counts to (resamples, 2) metrics: candidate, champion."""
    exact: tuple[float, float] | None = None
    """The metrics of the rows themselves, where cells blur them."""


def _profit(
    label: NDArray[np.integer], candidate: Scored, champion: Scored, campaign: Campaign, value: Floats | None
) -> _Cells:
    worth, kind = (np.array([campaign.customer_value]), 0) if value is None else np.unique(value, return_inverse=True)
    key = ((kind * 2 + label.astype(np.int64)) * 2 + candidate.contacted) * 2 + champion.contacted
    kept, cell, count = np.unique(key, return_inverse=True, return_counts=True)
    churner_worth = worth[kept // 8] * (kept // 4 % 2)
    contacted = np.stack((kept // 2 % 2, kept % 2), axis=1).astype(np.float64)
    hit = contacted * churner_worth[:, np.newaxis]

    def both(drawn: Floats) -> Floats:
        rows, reached = drawn.sum(axis=1, keepdims=True), drawn @ contacted
        found: Floats = campaign.profit(drawn @ hit, reached) / rows * campaign.period_scale(reached / rows)
        return found

    return _Cells(count, cell, both)


def _squared_error(label: NDArray[np.integer], probability: Floats) -> Floats:
    found: Floats = (probability - label) ** 2
    return found


def _mean_error(
    label: NDArray[np.integer],
    candidate: Scored,
    champion: Scored,
    error: Callable[[NDArray[np.integer], Floats], Floats],
) -> _Cells:
    ours, theirs = error(label, candidate.probability), error(label, champion.probability)
    order = np.argsort(ours - theirs, kind="stable")
    starts = np.unique(np.arange(DIFFERENCE_CELLS) * label.size // DIFFERENCE_CELLS)
    count = np.diff(np.append(starts, label.size))
    cell = np.empty(label.size, np.int64)
    cell[order] = np.repeat(np.arange(count.size), count)
    means = np.stack([np.add.reduceat(side[order], starts) / count for side in (ours, theirs)], axis=1)

    def both(drawn: Floats) -> Floats:
        found: Floats = drawn @ means / drawn.sum(axis=1, keepdims=True)
        return found

    return _Cells(count, cell, both)


def _ranking(
    label: NDArray[np.integer], candidate: Scored, champion: Scored, metric: Callable[[Floats, Floats], Floats]
) -> _Cells:
    """Cells of rows in one group of scores of each model; every resample ranks the groups anew."""
    sides = (candidate, champion)
    codes = [share_groups(side.probability, SCORE_GROUPS) for side in sides]
    most = 1 + max(int(code.max()) for code in codes)
    key = (codes[0] * most + codes[1]) * 2 + label.astype(np.int64)
    kept, cell, count = np.unique(key, return_inverse=True, return_counts=True)
    churned = (kept % 2).astype(np.float64)
    orders = []
    for code in (kept // 2 // most, kept // 2 % most):
        order = np.argsort(code, kind="stable")
        orders.append((order, np.flatnonzero(np.diff(code[order], prepend=-1))))

    def both(drawn: Floats) -> Floats:
        left = drawn * churned
        return np.stack(
            [
                metric(
                    np.add.reduceat(left[:, order], starts, axis=1), np.add.reduceat(drawn[:, order], starts, axis=1)
                )
                for order, starts in orders
            ],
            axis=1,
        )

    def exact(side: Scored) -> float:
        sample = group(label, side)
        positive, total = (
            np.add.reduceat(counts.astype(np.float64), sample.group_start)[np.newaxis, :]
            for counts in (sample.count * sample.positive, sample.count)
        )
        return float(metric(positive, total)[0])

    return _Cells(count, cell, both, (exact(candidate), exact(champion)))
