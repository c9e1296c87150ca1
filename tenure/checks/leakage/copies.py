"""Customers that are in the table under several keys: what is learned of one in training is known in the test."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from tenure.checks.duplicates import COPIES_ADVICE, not_first
from tenure.checks.hashing import hash_rows
from tenure.checks.leakage.codes import coded
from tenure.checks.leakage.table import Table
from tenure.checks.result import Check
from tenure.count_text import percent

NAME = "leakage: copies under other keys"
MIN_SHARE = 0.02
MIN_COPIES = 10
"""Copies of rows that have not the most frequent label, at least."""
MIN_AGREEMENT = 0.95
"""Share of them with the label of the row that they repeat. Different customers with equal features are less alike."""


def check_copies(table: Table, names: Iterable[str]) -> Check:
    """Warns of rows that repeat an earlier row in all of the named features, at least one, and in the label."""
    labels = coded(table.label.astype(np.float64))
    hashes = hash_rows([pa.array(table.codes[name]) for name in names])
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    copies = not_first(hashes)
    same = labels == labels[first[group]]
    telling = copies & (labels[first[group]] != np.bincount(labels).argmax())
    found = int((copies & same).sum())
    share = found / max(1, len(labels))
    if share < MIN_SHARE or telling.sum() < MIN_COPIES or same[telling].mean() < MIN_AGREEMENT:
        return Check(NAME, "pass", "no leakage found: copies under other keys", observed=found)
    message = f"{found:,} of {len(labels):,} training rows ({percent(share)}) repeat another in everything but the key"
    return Check(NAME, "warn", message, observed=found, advice=COPIES_ADVICE)
