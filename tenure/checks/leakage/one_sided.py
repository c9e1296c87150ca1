"""Values that only one class has: flags set after the event, sentinels, empty cells.

A value is looked at by itself, and so are "any other value" (a counter of something that happens to those who leave)
and the missing one. That customers with a certain value rarely leave is no leakage: a value is named only if the other
class has it far more rarely than an honest feature would let expect, see ``tenure.checks.leakage.shares``. A number
whose next values belong to the same class is a scale, as in the first months of a contract: it warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tenure.checks.leakage.shares import MAX_HONEST_CHANCE, OFTEN, RARELY, Shares
from tenure.checks.leakage.table import MIN_ROWS, Finding, Kind, Table
from tenure.contract import Contract
from tenure.contract.schema import BOOLEAN_TEXTS
from tenure.contract.values import Text, Value

NEIGHBOURS, SAME_CLASS = 20, 0.9
"""So many rows with the nearest values, and the share of them in the class, from which on a number is a scale."""
MIN_OWNERS = 10
"""Smallest number of rows with a value for it to be a value of their class."""


class _Candidate(NamedTuple):
    column: str
    code: int
    """0 for a missing value."""
    others: bool
    """Whether the candidate is any other known value."""
    shares: Shares
    owner: str
    """The class that has it."""
    other: str

    @property
    def enough(self) -> bool:
        """Whether rows are enough for a comparison."""
        shares = self.shares
        owners = shares.often >= MIN_OWNERS if self.code else shares.rows_often >= MIN_ROWS
        return owners and shares.rows_rarely >= MIN_ROWS


def one_sided(contract: Contract, table: Table) -> Iterator[Finding]:
    """Of each feature the value that covers most of a class, where the other class (almost) lacks it."""
    found: dict[str, _Candidate] = {}
    # Of two candidates that say the same, the first is named: a value rather than "another", "has values" rather than
    # "is missing".
    candidates = sorted(_candidates(table), key=lambda candidate: candidate.others == (candidate.code > 0))
    for candidate in candidates:
        best = found.get(candidate.column)
        if best is not None and best.shares.coverage >= candidate.shares.coverage:
            continue
        if candidate.enough and candidate.shares.one_sided(len(candidates)):
            found[candidate.column] = candidate
    for name in table.values:
        if name in found:
            yield _finding(contract, table, found[name])


def _candidates(table: Table) -> Iterator[_Candidate]:
    """Values that enough rows have to be a value of one class."""
    upper, lower = int(table.upper.sum()), int((~table.upper).sum())
    above, below = table.classes
    least = OFTEN * min(upper, lower)
    if not upper or not lower:
        return
    for name, codes in table.codes.items():
        rows = np.bincount(codes, minlength=2)
        in_upper = np.bincount(codes, weights=table.upper, minlength=rows.size).astype(np.int64)
        for code in np.flatnonzero(rows >= least).tolist():
            known = slice(1, None)
            others = (rows[known].sum(), in_upper[known].sum()) - (code > 0) * np.array([rows[code], in_upper[code]])
            for is_others, (count, left) in ((False, (rows[code], in_upper[code])), (True, others)):
                stayed = int(count - left)
                yield _Candidate(name, code, is_others, Shares(int(left), upper, stayed, lower), above, below)
                yield _Candidate(name, code, is_others, Shares(stayed, lower, int(left), upper), below, above)


def _finding(contract: Contract, table: Table, candidate: _Candidate) -> Finding:
    name, shares = candidate.column, candidate.shares
    where = f"in {shares.coverage:.1%} of the {candidate.owner} and {shares.remainder:.1%} of the {candidate.other}"
    if candidate.code == 0:
        kind: Kind = "missing for one class"
        what = "has values" if candidate.others else "is missing"
    else:
        kind = "value of one class"
        value = _shown(contract, name, table.values[name], candidate.code)
        what = f"has another value than {value}" if candidate.others else f"is {value}"
    warns = shares.honest_chance > MAX_HONEST_CHANCE or _on_a_scale(table, candidate)
    return Finding(kind, name, f"{what} {where}", shares.remainder, RARELY, warns)


def _on_a_scale(table: Table, candidate: _Candidate) -> bool:
    """Whether a number's next smaller or larger values, too, are those of the class."""
    values = table.values[candidate.column]
    if isinstance(values, Text) or candidate.code == 0 or candidate.others:
        return False
    codes = table.codes[candidate.column]
    owned = table.upper == (candidate.owner == table.classes[0])
    for side in (codes < candidate.code, codes > candidate.code):
        near = np.flatnonzero(side & (codes > 0))
        near = near[np.argsort(np.abs(codes[near] - candidate.code), kind="stable")][:NEIGHBOURS]
        if near.size == NEIGHBOURS and owned[near].mean() >= SAME_CLASS:
            return True
    return False


def _shown(contract: Contract, name: str, values: Value, code: int) -> str:
    """The value with a code (``codes.coded``) as the contract writes it."""
    if isinstance(values, Text):
        return repr(list(dict.fromkeys(values.words))[code - 1])
    value = float(np.unique(values[np.isfinite(values)])[code - 1])
    kind = contract.feature_type(name)
    if kind == "boolean":
        column = contract.inputs.get(name)
        return repr(((column.values if column is not None else None) or BOOLEAN_TEXTS)[int(value)])
    return str(np.datetime64(int(value), "D")) if kind == "date" else f"{value:g}"
