"""Population stability index: the distance of a current distribution from a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.stats.profile import ColumnProfile, NumberProfile, Profile, TextProfile, bin_shares, text_shares
from tenure.stats.sketch import Sketch

PRIOR = 0.5
"""Rows added to every bin (Jeffreys prior), so that an empty bin gives a finite PSI."""


def psi(reference: np.ndarray, current: np.ndarray, reference_rows: int, current_rows: int) -> float:
    """Population stability index of two distributions over the same bins, in nats.

    PSI = sum over bins of (c - r) ln(c / r), the symmetrised Kullback-Leibler divergence (Jeffreys 1946) under its
    name in credit scoring (Siddiqi, "Credit Risk Scorecards", 2006). Below 0.1 is no change, above 0.25 a large one.

    Args:
        reference, current: share of rows in each bin; (bins,), adding up to 1.
        reference_rows, current_rows: number of rows that the shares are of.

    Raises:
        ValueError: the bins differ in number, or there are none.
    """
    if reference.shape != current.shape or reference.ndim != 1 or not len(reference):
        raise ValueError(f"the shares are over different bins: shapes {reference.shape} and {current.shape}")
    before = (reference * reference_rows + PRIOR) / (reference_rows + PRIOR * len(reference))
    now = (current * current_rows + PRIOR) / (current_rows + PRIOR * len(current))
    return float(np.sum((now - before) * np.log(now / before)))


@dataclass(frozen=True)
class ColumnComparison:
    """One column's reference and current distribution over the same bins or values."""

    reference: ColumnProfile
    current: ColumnProfile
    """Has the edges, or the values, of ``reference``."""
    psi: float


def compare_columns(reference: Profile, current: Sketch) -> dict[str, ColumnComparison]:
    """Compare every column that both know as the same kind; missing and other values are bins of their own."""
    found: dict[str, ColumnComparison] = {}
    for name, before in reference.columns.items():
        column = current.columns.get(name)
        if column is None or column.is_temporal:
            continue
        is_number = column.type in ("integer", "number")
        if is_number != isinstance(before, NumberProfile):
            continue
        now: ColumnProfile
        if isinstance(before, NumberProfile):
            now = NumberProfile(before.edges, *bin_shares(current.numbers(name), before.edges))
            rows = current.sample_rows
        else:
            now, rows = TextProfile(*text_shares(current, name, before.values)), current.rows
        found[name] = ColumnComparison(before, now, psi(_bins(before), _bins(now), reference.rows, rows))
    return found


def distances(reference: Profile, current: Sketch) -> dict[str, float]:
    """PSI of every column that ``compare_columns`` compares."""
    return {name: column.psi for name, column in compare_columns(reference, current).items()}


def _bins(column: ColumnProfile) -> np.ndarray:
    if isinstance(column, NumberProfile):
        return np.array([*column.shares, column.missing])
    return np.array([*column.values.values(), column.other, column.missing])
