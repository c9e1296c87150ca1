"""Population stability index: how far the present is from the reference."""

from __future__ import annotations

import numpy as np

from tenure.stats.profile import NumberProfile, Profile, bin_shares, text_shares
from tenure.stats.sketch import Sketch

PRIOR = 0.5
"""Rows added to every bin (Jeffreys), so that an empty one says how little is known instead of infinity."""


def psi(reference: np.ndarray, current: np.ndarray, reference_rows: int, current_rows: int) -> float:
    """Population stability index of two distributions over the same bins, in nats.

    PSI = sum over bins of (c - r) ln(c / r), the symmetrised Kullback-Leibler divergence (Jeffreys 1946) under its
    name in credit scoring (Siddiqi, "Credit Risk Scorecards", 2006). Below 0.1 nothing moved, above 0.25 much did.

    Args:
        reference, current: share of rows in each bin; (bins,), adding up to 1.
        reference_rows, current_rows: how many rows the shares were told from.

    Raises:
        ValueError: the bins differ in number, or there are none.
    """
    if reference.shape != current.shape or reference.ndim != 1 or not len(reference):
        raise ValueError(f"not over the same bins: {reference.shape} and {current.shape}")
    before = (reference * reference_rows + PRIOR) / (reference_rows + PRIOR * len(reference))
    now = (current * current_rows + PRIOR) / (current_rows + PRIOR * len(current))
    return float(np.sum((now - before) * np.log(now / before)))


def distances(reference: Profile, current: Sketch) -> dict[str, float]:
    """PSI of every column that both know as the same kind; missing and other values are bins of their own."""
    found: dict[str, float] = {}
    for name, before in reference.columns.items():
        column = current.columns.get(name)
        if column is None or column.is_temporal:
            continue
        is_number = column.type in ("integer", "number")
        if is_number != isinstance(before, NumberProfile):
            continue
        if isinstance(before, NumberProfile):
            shares, missing = bin_shares(current.numbers(name), before.edges)
            old, new, rows = [*before.shares, before.missing], [*shares, missing], current.sample_rows
        else:
            values, other, missing = text_shares(current, name, before.values)
            old = [*before.values.values(), before.other, before.missing]
            new, rows = [*values.values(), other, missing], current.rows
        found[name] = psi(np.array(old), np.array(new), reference.rows, rows)
    return found
