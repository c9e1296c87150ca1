"""Columns that are constant, or no longer filled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenure.checks.leakage.table import MIN_ROWS, Finding, Table

NEWEST_SHARE = 0.10
MISSING_NOW, MISSING_BEFORE = 0.99, 0.50


def constant(table: Table) -> Iterator[Finding]:
    """Columns from which nothing is learnt."""
    for name, codes in table.codes.items():
        if codes.size and codes.min() == codes.max():
            what = "is missing in every row" if codes[0] == 0 else "has one value in every row"
            yield Finding("constant", name, f"{what}: it carries no information", 1, 2, warns=True)


def missing_lately(table: Table) -> Iterator[Finding]:
    """Columns that are no longer filled."""
    if table.time is None or not table.time.size:
        return
    newest = table.time >= np.nanquantile(table.time, 1.0 - NEWEST_SHARE, method="lower")
    if min(newest.sum(), (~newest).sum()) < MIN_ROWS:
        return
    for name, codes in table.codes.items():
        missing = codes == 0
        now, before = float(missing[newest].mean()), float(missing[~newest].mean())
        if now >= MISSING_NOW and before <= MISSING_BEFORE:
            text = f"is missing in {now:.1%} of the newest rows and in {before:.1%} of the older ones"
            yield Finding("missing in the newest rows", name, text, now, MISSING_NOW)
