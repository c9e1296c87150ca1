"""Whether the parts of the split hold customers of one kind."""

from __future__ import annotations

import numpy as np

from tenure.checks import Check
from tenure.contract import Contract
from tenure.count_text import count, listed
from tenure.features.division import Division
from tenure.tasks import get

SPLIT = "split"
"""Name of the check that the rows can be divided as the contract says, and that the parts are alike."""
ADVICE = (
    "Is the time column the day on which the row's values were known? The day of the outcome is not: give it the role"
    " 'ignored'. Leave out the newest rows if their label is not final."
)


def check_parts(contract: Contract, division: Division) -> Check:
    """The rows of each part; a warning if a split by time has other labels in the test part than in the training part.

    Other labels have three causes: the market changed, the newest labels are not final yet, or the time is that of the
    outcome. In the last two, figures of the test part do not hold for tonight's customers.
    """
    assignment = division.assignment
    how = assignment.strategy if contract.split.by is None else f"{assignment.strategy} by {contract.split.by}"
    rows = f"rows by part, {how}: " + ", ".join(f"{part} {number:,}" for part, number in assignment.rows.items())
    if division.times is not None and assignment.embargo.any():
        cuts = sorted({str(cut) for cut in division.times[assignment.embargo]})
        rows += (
            f"; left out {np.count_nonzero(assignment.embargo):,} at {count(len(cuts), 'cut')} whose labels are "
            f"known only after the next part begins: {listed(cuts)}"
        )
    shift = None
    if assignment.strategy == "time":
        shift = get(contract.task).label.describe_shift(division.labels_of("train"), division.labels_of("test"))
    if shift is None:
        return Check(SPLIT, "pass", rows)
    return Check(SPLIT, "warn", f"{rows}; {shift}", advice=ADVICE)
