"""Numbers whose high or low end only one class has: scores that were computed, or limits set, after the event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tenure.checks.leakage.shares import RARELY, Shares
from tenure.checks.leakage.table import Finding, Table
from tenure.contract import Contract
from tenure.contract.values import Floats, Text

MOST = 0.50
"""Smallest share of one class at the end. A normal number that ranks the classes with a ROC-AUC of 0.90 has 30 % of one
class where it has 1 % of the other."""


MIN_OTHERS = 1_000
"""Smallest number of rows of the other class: fewer do not show where its last hundredth begins."""


def ends(contract: Contract, table: Table) -> Iterator[Finding]:
    """Warnings: an honest number may end so, but few do. Of a numeric label none: what is spent may be a threshold of
    what was spent before."""
    if table.is_number:
        return
    dates = {name for name, column in contract.inputs.items() if column.is_temporal}
    for name, values in table.values.items():
        if name not in dates and not isinstance(values, Text):
            yield from _of_number(table, name, values)


def _of_number(table: Table, name: str, values: Floats) -> Iterator[Finding]:
    """The first end of a number that belongs to a class."""
    above, below = table.classes
    for owner, other, owned in ((above, below, table.upper), (below, above, ~table.upper)):
        for word, sign in (("over", 1.0), ("under", -1.0)):
            limit, shares = _end(sign * values, owned)
            if shares.rows_rarely >= MIN_OTHERS and shares.coverage >= MOST and shares.one_sided(len(table.values)):
                where = f"{shares.coverage:.1%} of the {owner} and {shares.remainder:.1%} of the {other}"
                text = f"is {word} {sign * limit:g} in {where}"
                yield Finding("value of one class", name, text, shares.remainder, RARELY, warns=True)
                return


def _end(values: Floats, owned: NDArray[np.bool_]) -> tuple[float, Shares]:
    """The limit that the share ``RARELY`` of the other class is over, and how many of each class are."""
    known = np.isfinite(values)
    others = np.sort(values[known & ~owned])
    rows, rows_other = int(owned.sum()), int((~owned).sum())
    if not others.size:
        return np.nan, Shares(0, rows, 0, rows_other)
    limit = float(others[max(0, others.size - 1 - int(RARELY * rows_other))])
    over = known & (values > limit)
    return limit, Shares(int(over[owned].sum()), rows, int(over[~owned].sum()), rows_other)
