"""Thresholds of segments that share one limit of contacts, and whether a segment's own earns clearly more.

Where the limit is not enough for everybody an offer pays for, a contact has a price: what the same contact would earn
elsewhere. It is the Lagrange multiplier of the limit, the smallest at which every group's most profitable threshold
together keeps to it. Contacts count with it when a segment's own threshold is compared with the common one, so that a
segment does not gain by taking contacts from others.

A threshold chosen on some hundred rows is noisy. Simulated, with 8 segments of 500 rows that all have the same best
threshold, 11 to 20 % of the own ones were better on rows held out by more than a standard error; so the standard errors
asked for grow with the number of segments, and enough customers must be decided about differently: 1 to 4 % are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Business, Decision
from tenure.decision.by_column import Gain
from tenure.decision.fit_calibration import FOLDS, require_rows
from tenure.decision.plan import Plan
from tenure.decision.policy import Cut, cut, given
from tenure.decision.profit import Floats, ProfitCurve, best_point, profit_curve
from tenure.decision.segments import Bools
from tenure.stats.clusters import count_customers, customers_within
from tenure.stats.fold_numbers import fold_numbers

MIN_CHANGED = 20
"""Customers about whom a segment's own threshold decides differently; of fewer the standard error is not reliable."""
HALVINGS = 60
"""Steps of the bisection for the price of a contact."""


def threshold_gains(
    business: Business,
    probability: Floats,
    label: NDArray[np.generic],
    segments: Sequence[Bools],
    share: float,
    *,
    seed: int,
    customer: NDArray[np.int64] | None = None,
) -> list[Gain]:
    """What each segment's own threshold earns more than the common one, a row, by cross-validation.

    Args:
        probability, label: calibrated probabilities and labels 0 or 1, shape (n,).
        segments: whether a row is in each segment, shape (n,) each; no row is in two.
        share: of the rows that may be contacted.
        seed: of the division into folds.
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,).

    Raises:
        DataError: a class has rows of fewer than two customers.
    """
    y = np.asarray(label, dtype=np.int64)
    folds = fold_numbers(y, min(FOLDS, require_rows(y, customer)), seed, customer)
    gain, changed = np.zeros(len(y)), np.zeros(len(y), dtype=bool)
    for fold in range(int(folds.max()) + 1):
        rest, held = folds != fold, folds == fold
        curve = profit_curve(probability[rest], y[rest], business)
        price = _price([curve], _allowed(share, curve.rows))
        common = curve.threshold[best_point(curve, share)]
        worth = y * business.offer_success_share * business.customer_value - business.offer_cost - price
        for rows in segments:
            there = rows & held
            own_curve = profit_curve(probability[rows & rest], y[rows & rest], business)
            own = own_curve.threshold[_best_at(own_curve, price)]
            differs = (probability[there] >= own).astype(np.float64) - (probability[there] >= common)
            gain[there], changed[there] = differs * worth[there], differs != 0.0
    return [
        Gain.of(gain[rows], customers_within(customer, rows), count_customers(customer, rows & changed))
        for rows in segments
    ]


def is_clear(gain: Gain, segments: int) -> bool:
    """Whether a segment's own threshold is clearly better than the common one.

    The gain must exceed one standard error; with several segments as many as keep the chance that any of them does so
    by luck at that of a single one (Bonferroni's correction): 1.6 with 3, 2.1 with 8.
    """
    normal = NormalDist()
    return gain.changed >= MIN_CHANGED and gain.exceeds(-normal.inv_cdf(normal.cdf(-1.0) / segments))


def plan_together(
    settings: Decision,
    business: Business,
    own: Sequence[Bools],
    *,
    probability: Floats,
    label: NDArray,
    share: float,
) -> Plan:
    """The most profitable thresholds of the segments ``own`` and of all others, under a limit of ``share`` of the rows.

    Where every row is in a segment, the customers in none that there may be later have the common threshold.

    Args:
        settings: of the policy ``profit``.
        own: whether a row is in each of those segments, shape (n,) each; no row is in two.
        probability, label: as for ``threshold_gains``.
    """
    allowed = _allowed(share, len(label))
    rest = np.ones(len(label), dtype=bool)
    for rows in own:
        rest &= ~rows
    groups = [*own, rest] if rest.any() else [*own]
    curves = [profit_curve(probability[rows], label[rows], business) for rows in groups]
    price = _price(curves, allowed)
    cuts = [
        given(probability[rows], label[rows], business, float(curve.threshold[_best_at(curve, price)]))
        for rows, curve in zip(own, curves, strict=False)
    ]
    if not rest.any():
        return Plan(cuts, Cut(cut(probability, label, business, settings, allowed).threshold, 0, 0, 0, 0, 0.0, None))
    left = max(0, allowed - sum(each.contacted for each in cuts))
    return Plan(cuts, cut(probability[rest], label[rest], business, settings, left))


def _allowed(share: float, rows: int) -> int:
    return int(np.floor(share * rows + 1e-9))


def _best_at(curve: ProfitCurve, price: float) -> int:
    return int(np.argmax(curve.profit - price * curve.contacted))


def _price(curves: Sequence[ProfitCurve], allowed: int) -> float:
    """The smallest price of a contact, in the contract's currency, at which no more than ``allowed`` are made."""

    def contacted(price: float) -> int:
        return sum(int(curve.contacted[_best_at(curve, price)]) for curve in curves)

    if contacted(0.0) <= allowed:
        return 0.0
    # At a price above what any contact earns none is made.
    low, high = 0.0, max(float(np.diff(curve.profit).max()) for curve in curves) + 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if contacted(middle) <= allowed else (middle, high)
    return high
