"""What a panel shows that people should know: its cuts, who stands at them, and what the data do not cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenure.checks import Check
from tenure.contract import Contract
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.count_text import count
from tenure.features.panel import CutCounts, Panel
from tenure.features.split_by_cut import overlap
from tenure.features.tables import assembly_of

PANEL = "panel"
"""Name of the checks of a panel."""

USAGE = "usage"
"""Name of the checks of the rows that features are computed from, one a table."""


def check_panel(contract: Contract, made: Panel | None) -> list[Check]:
    """The customers at the cuts, and a warning for each thing that the data do not cover; empty without a panel."""
    if made is None:
        return []
    assembly, first, last = assembly_of(contract), made.cuts[0], made.cuts[-1]
    cuts = np.unique(made.table.column(SNAPSHOT_COLUMN).to_numpy())
    message = f"{count(len(made.cuts), 'cut')}, the last on {last.cut}: {_customers(made.cuts)}"
    if len(made.cuts) > 1:
        message = f"{count(len(made.cuts), 'cut')} from {first.cut} to {last.cut}: {_customers(made.cuts)}"
    shared = overlap(assembly, cuts)
    if shared:
        message += (
            f"; horizons overlap: the label of a cut is known only after up to {count(shared, 'later cut')}, so that "
            "a customer's rows share days"
        )
    return [Check(PANEL, "pass", message), *(Check(PANEL, "warn", warning) for warning in made.warnings)]


def check_usage(made: Panel | None) -> list[Check]:
    """What became of the rows of each table; empty without a panel."""
    if made is None:
        return []
    return [Check(USAGE, "pass", f"table '{name}': {usage.phrase}") for name, usage in made.usage.items()]


def _customers(cuts: Sequence[CutCounts]) -> str:
    """Customers of all cuts together."""
    eligible, rows = sum(each.eligible for each in cuts), sum(each.rows for each in cuts)
    reasons: dict[str, int] = {}
    for each in cuts:
        for reason, customers in each.left_out.items():
            reasons[reason] = reasons.get(reason, 0) + customers
    left_out = "".join(f", {customers:,} {reason}" for reason, customers in reasons.items())
    return (
        f"{sum(each.customers for each in cuts):,} customers exist, {eligible:,} are eligible{left_out}, {rows:,} rows"
    )
