"""What a panel shows that people should know: its cuts, who stands at them, and what the data do not cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenure.checks import Check
from tenure.contract import Contract
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.contract.sources import assembly_of
from tenure.count_text import count, rows
from tenure.features.panel import CutCounts, Panel
from tenure.features.split_by_cut import overlap

PANEL = "panel"
"""Name of the checks of a panel."""

USAGE = "usage"
"""Name of the checks of the rows that features are computed from, one a table."""


def check_panel(contract: Contract, panel: Panel | None) -> list[Check]:
    """The customers at the cuts, and a warning for each thing that the data do not cover; empty without a panel."""
    if panel is None:
        return []
    assembly, first, last = assembly_of(contract), panel.cuts[0], panel.cuts[-1]
    cuts = np.unique(panel.table.column(SNAPSHOT_COLUMN).to_numpy())
    when = last.cut if len(panel.cuts) == 1 else f"{first.cut} to {last.cut}"
    message = (
        f"{rows(panel.table.num_rows)} at {count(len(panel.cuts), 'cut')}, {when}{_left_out(panel.cuts)}; at the last "
        f"{count(last.customers, 'customer')} exist, {last.eligible:,} are eligible"
    )
    shared = overlap(assembly, cuts)
    if shared:
        message += (
            f"; horizons overlap: the label of a cut is known only after up to {count(shared, 'later cut')}, so that "
            "a customer's rows share days"
        )
    message = "; ".join([message, *panel.remarks])
    return [Check(PANEL, "pass", message), *(Check(PANEL, "warn", warning) for warning in panel.warnings)]


def check_usage(panel: Panel | None) -> list[Check]:
    """What became of the rows of each table; empty without a panel."""
    if panel is None:
        return []
    return [Check(USAGE, "pass", f"table '{name}': {usage.phrase}") for name, usage in panel.usage.items()]


def _left_out(cuts: Sequence[CutCounts]) -> str:
    """The customers at all cuts that have no label."""
    reasons: dict[str, int] = {}
    for each in cuts:
        for reason, customers in each.left_out.items():
            reasons[reason] = reasons.get(reason, 0) + customers
    return "".join(f", without {customers:,} who {reason}" for reason, customers in reasons.items())
