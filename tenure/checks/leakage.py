"""Leakage: features of the training part that reveal the label and are unknown on the day of a prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenure.checks.leakage_numbers import correlation, rank_r2
from tenure.checks.leakage_ranking import Codes, Labels, alone, coded, deviations, is_recoding
from tenure.checks.result import Check, Level
from tenure.contract import Contract
from tenure.contract.values import Floats, Text, Value
from tenure.stats.ranks import rank_auc

Kind = Literal[
    "ranks the label",
    "recoding of the label",
    "dated after the cut",
    "missing for one class",
    "missing in the newest rows",
    "constant",
    "order of the rows",
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]

MAX_AUC = 0.98
"""Largest ROC-AUC of one feature alone. Recency, the best known feature for churn, reaches 0.75 to 0.85."""
MAX_RANK_R2 = 0.98
"""Largest share of the variance of a numeric label's ranks explained by one feature: a rank correlation of 0.99."""
RECODING_VALUES = 20
LATE_SHARE = 0.01
"""Smallest share of rows whose date lies after the row's time; fewer are errors of data entry."""
RARELY, OFTEN = 0.01, 0.20
"""A column that has values in at most the first share of one class, and at least the second share of the other."""
MAX_CHANCE = 1e-6
NEWEST_SHARE = 0.10
MISSING_NOW, MISSING_BEFORE = 0.99, 0.50
MIN_ROWS = 30
"""Smallest number of rows on each side of a comparison of missing values."""
ORDER_AUC = 0.60
ORDER_CORRELATION = 0.20
"""The same for a numeric label: 2 · ROC-AUC − 1 is a rank correlation too."""
FAR_ORDER = 6.0
"""Standard deviations from chance at which the order of the rows counts as informative."""
SAME_ORDER = 0.99
"""Rank correlation at which a column of distinct values counts as a copy of the order."""

ADVICE = (
    "Leave the column out (role: ignored) unless it is known, as it stands, on the day of a prediction; "
    "then name it under quality.leakage_accepted"
)


@dataclass(frozen=True)
class Table:
    """Rows of the training part, as the leakage check needs them."""

    values: Mapping[str, Value]
    """Inputs and derived features by name, (rows,) each."""
    label: Labels | Floats
    """(rows,) 0 or 1; for regression the number, as floats."""
    orders: Mapping[str, Floats]
    """Name of an order (``row order``, the key's) to each row's place in it, (rows,)."""
    time: Floats | None
    """(rows,) time of each row in days since 1970-01-01; None where rows have no time."""
    customer: Codes | None = None
    """(rows,) code of each row's customer (``tenure.stats.clusters``); None where no two rows are of one."""


@dataclass(frozen=True)
class _Finding:
    kind: Kind
    column: str | None
    text: str
    observed: float
    limit: float


def check_leakage(contract: Contract, table: Table) -> list[Check]:
    """Every finding, and one passed check for each kind without one.

    A finding is of the level that ``quality.leakage`` says. Two kinds only ever warn: a constant column, from which
    nothing is learnt, and an order that ranks the label, as long as no feature repeats that order.
    """
    both = bool(table.label.size) and table.label.min() != table.label.max()
    found = [*_dated(contract, table), *_constant(table)]
    if both:
        found += [*_ranking(table), *_missing_for_a_class(table), *_orders(table)]
    found += _missing_lately(table)
    sources = _sources(contract)
    leaking = {finding.column for finding in found if finding.kind != "constant"}
    checks = []
    for finding in found:
        # Reported once, for the source column; features derived from it are named in the same message.
        if sources.get(finding.column or "", frozenset()) & leaking:
            continue
        checks.append(_check(contract, finding, sources))
    clean = [kind for kind in KINDS if kind not in {check.name.removeprefix("leakage: ") for check in checks}]
    return checks + [Check(f"leakage: {kind}", "pass", f"no leakage found: {kind}") for kind in clean]


def _ranking(table: Table) -> Iterator[_Finding]:
    for name, values in table.values.items():
        if _is_number(table):
            share = rank_r2(values, table.label.astype(np.float64), table.customer)
            if share >= MAX_RANK_R2:
                text = f"alone explains {share:.1%} of the order of the labels, over {MAX_RANK_R2:.0%}"
                yield _Finding("ranks the label", name, text, share, MAX_RANK_R2)
            continue
        label = table.label.astype(np.int8)
        auc = alone(values, label, table.customer)
        if auc < MAX_AUC:
            continue
        if is_recoding(values, label, RECODING_VALUES):
            yield _Finding("recoding of the label", name, "determines the label in every row", auc, MAX_AUC)
        else:
            text = f"alone ranks churners over stayers with a ROC-AUC of {auc:.3f}, over {MAX_AUC:g}"
            yield _Finding("ranks the label", name, text, auc, MAX_AUC)


def _dated(contract: Contract, table: Table) -> Iterator[_Finding]:
    if table.time is None or contract.events is not None or contract.time is None:
        return
    to_the_day = contract.columns[contract.time].type == "date"
    for name, column in contract.inputs.items():
        values = table.values.get(name)
        if not column.is_temporal or name == contract.time or values is None or isinstance(values, Text):
            continue
        there = np.isfinite(values) & np.isfinite(table.time)
        if not there.any():
            continue
        days = to_the_day or column.type == "date"
        late = np.floor(values) > np.floor(table.time) if days else values > table.time
        share = float(late[there].mean())
        if share > LATE_SHARE:
            text = f"lies after '{contract.time}', the day that the row describes, in {share:.1%} of the rows"
            yield _Finding("dated after the cut", name, text, share, LATE_SHARE)


def _constant(table: Table) -> Iterator[_Finding]:
    for name, values in table.values.items():
        codes = coded(values)
        if codes.size and codes.min() == codes.max():
            what = "is missing in every row" if codes[0] == 0 else "has one value in every row"
            yield _Finding("constant", name, f"{what}: it carries no information", 1, 2)


def _missing_for_a_class(table: Table) -> Iterator[_Finding]:
    above, below = ("larger labels", "smallest labels") if _is_number(table) else ("churners", "stayers")
    left = table.label > table.label.min()
    if min(left.sum(), (~left).sum()) < MIN_ROWS:
        return
    for name, values in table.values.items():
        there = coded(values) > 0
        filled = {above: float(there[left].mean()), below: float(there[~left].mean())}
        for few, many in ((above, below), (below, above)):
            rows = int(left.sum() if few == above else (~left).sum())
            # As many empty cells by chance, if the class did not matter: (1 - filled) to the power of rows.
            chance = rows * math.log1p(-min(float(there.mean()), 1.0 - 1e-12))
            if filled[few] <= RARELY and filled[many] >= OFTEN and chance < math.log(MAX_CHANCE):
                text = f"has values in {filled[many]:.1%} of the {many} and {filled[few]:.1%} of the {few}"
                yield _Finding("missing for one class", name, text, filled[few], RARELY)


def _missing_lately(table: Table) -> Iterator[_Finding]:
    if table.time is None or not table.time.size:
        return
    newest = table.time >= np.nanquantile(table.time, 1.0 - NEWEST_SHARE, method="lower")
    if min(newest.sum(), (~newest).sum()) < MIN_ROWS:
        return
    for name, values in table.values.items():
        missing = coded(values) == 0
        now, before = float(missing[newest].mean()), float(missing[~newest].mean())
        if now >= MISSING_NOW and before <= MISSING_BEFORE:
            text = f"is missing in {now:.1%} of the newest rows and in {before:.1%} of the older ones"
            yield _Finding("missing in the newest rows", name, text, now, MISSING_NOW)


def _orders(table: Table) -> Iterator[_Finding]:
    for order, place in table.orders.items():
        measure, strength, limit, deviation = _order_strength(table, place)
        if strength < limit or deviation < FAR_ORDER:
            continue
        text = f"{order} ranks the label with a {measure} of {strength:.3f}: was the table sorted by it?"
        yield _Finding("order of the rows", None, text, strength, limit)
        for name, values in table.values.items():
            if _follows(values, place):
                text = f"repeats the {order}, which ranks the label with a {measure} of {strength:.3f}"
                yield _Finding("order of the rows", name, text, strength, limit)


def _order_strength(table: Table, place: Floats) -> tuple[str, float, float, float]:
    """Measure, how well the order ranks the label by it, the limit, and the distance from chance in deviations."""
    if _is_number(table):
        found = abs(correlation(place, table.label.astype(np.float64)))
        return "rank correlation", found, ORDER_CORRELATION, found * math.sqrt(place.size - 1)
    label = table.label.astype(np.int8)
    auc = rank_auc(label, place)
    return "ROC-AUC", max(auc, 1.0 - auc), ORDER_AUC, deviations(auc, label)


def _is_number(table: Table) -> bool:
    return bool(np.issubdtype(table.label.dtype, np.floating))


def _follows(values: Value, place: Floats) -> bool:
    """Whether a column of (almost) distinct values is sorted by an order, ascending or descending."""
    ranks = np.array(_word_ranks(values))[coded(values) - 1] if isinstance(values, Text) else values
    there = np.isfinite(ranks) if not isinstance(values, Text) else values.codes >= 0
    if there.mean() < SAME_ORDER or np.unique(ranks[there]).size < SAME_ORDER * there.sum():
        return False
    by_value, by_place = (np.argsort(np.argsort(side[there], kind="stable")) for side in (ranks, place))
    return abs(float(np.corrcoef(by_value, by_place)[0, 1])) >= SAME_ORDER


def _word_ranks(values: Text) -> Sequence[float]:
    """Alphabetical rank of each distinct word, by its code less 1."""
    words = list(dict.fromkeys(values.words))
    rank = {word: float(place) for place, word in enumerate(sorted(words))}
    return [rank[word] for word in words] or [0.0]


def _sources(contract: Contract) -> dict[str, frozenset[str]]:
    """All columns that each derived feature is computed from, directly or through others."""
    found: dict[str, frozenset[str]] = {}
    for name, expression in contract.expressions.items():
        found[name] = frozenset(expression.columns).union(*(found.get(used, ()) for used in expression.columns))
    return found


def _check(contract: Contract, finding: _Finding, sources: Mapping[str, frozenset[str]]) -> Check:
    name = finding.column
    if name is None:
        return Check(f"leakage: {finding.kind}", "warn", finding.text, None, finding.observed, finding.limit)
    what = f"column '{name}'"
    if name in contract.derived:
        what = f"derived feature '{name}' (of {', '.join(contract.expressions[name].columns)})"
    through = [derived for derived, used in sources.items() if name in used]
    also = (
        f"; so do the features derived from it: {', '.join(through)}" if through and finding.kind != "constant" else ""
    )
    accepted = finding.kind == "constant" or name in contract.quality.leakage_accepted
    level: Level = "warn" if accepted else contract.quality.leakage
    advice = None if finding.kind == "constant" else ADVICE
    message = f"{finding.kind}: {what} {finding.text}{also}"
    return Check(f"leakage: {finding.kind}", level, message, name, finding.observed, finding.limit, advice)
