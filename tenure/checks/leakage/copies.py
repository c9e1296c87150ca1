"""Customers that are in the table under several keys: what is learned of one in training is known in the test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tenure.checks.duplicates import not_first
from tenure.checks.leakage.codes import Codes, coded
from tenure.checks.result import Check
from tenure.contract.values import Value
from tenure.count_text import percent

NAME = "leakage: copies under other keys"
MIN_SHARE = 0.02
MIN_COPIES = 10
"""Copies of rows that have not the most frequent label, at least."""
MIN_AGREEMENT = 0.95
"""Share of them with the label of the row that they repeat. Different customers with equal features are less alike."""
ADVICE = (
    "Remove them at the source if they are the same customers: with copies of training rows in the test part, a model"
    " looks better than it is."
)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def check_copies(values: Mapping[str, Value], label: np.ndarray) -> Check:
    """Warns of rows that repeat an earlier row in all features and in the label.

    Args:
        values: features by name, (rows,) each, of the training part.
        label: (rows,).
    """
    labels = coded(label.astype(np.float64))
    hashes = _hashes(values, len(labels))
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    copies = not_first(hashes)
    same = labels == labels[first[group]]
    telling = copies & (labels[first[group]] != np.bincount(labels).argmax())
    found = int((copies & same).sum())
    share = found / max(1, len(labels))
    if share < MIN_SHARE or telling.sum() < MIN_COPIES or same[telling].mean() < MIN_AGREEMENT:
        return Check(NAME, "pass", "no leakage found: copies under other keys", observed=found)
    message = f"{found:,} of {len(labels):,} training rows ({percent(share)}) repeat another in everything but the key"
    return Check(NAME, "warn", message, observed=found, advice=ADVICE)


def _hashes(values: Mapping[str, Value], rows: int) -> np.ndarray:
    """(rows,) uint64; equal for equal rows. Two of 50,000 different rows share one with a probability of 1e-10."""
    whole = np.zeros(rows, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in values.values():
            codes: Codes = coded(column)
            whole = (whole ^ codes.astype(np.uint64)) * MULTIPLIER
            whole ^= whole >> np.uint64(29)
    return whole
