"""Checks of a table as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from tenure.checks.result import Check, Level
from tenure.contract import Contract
from tenure.contract.schema import WITHOUT_KEY
from tenure.parsing.faults import Kind
from tenure.parsing.parse import parse_value
from tenure.stats import Sketch
from tenure.tasks import get

FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges ("Exploratory Data Analysis", 1977)."""
MAX_SHOWN = 5
"""Names in a message; the others are counted."""


@dataclass
class Observed:
    """What was counted while a table's rows were checked."""

    read: int = 0
    rejected: int = 0
    accepted: int = 0
    """Rows that parsed."""
    good: int = 0
    """Accepted rows that meet the contract."""
    extra: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    rejection_reasons: Mapping[str, int] = field(default_factory=dict)
    faults: Counter[Kind] = field(default_factory=Counter)
    """Faults of accepted rows."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Missing values of accepted rows, by column."""
    identical: int = 0
    """Accepted rows that are an exact copy of an earlier row."""
    newest: date | datetime | None = None
    """Latest time of a good row; a timestamp is in UTC, without a zone."""
    positives: int = 0
    """Good rows with the positive label."""


def check_columns(observed: Observed) -> list[Check]:
    """Reports new columns, which are left out, and missing optional ones, which get their default."""
    if not observed.extra and not observed.defaulted:
        return [Check("columns", "pass", "the columns are the contract's")]
    differences = []
    if observed.extra:
        differences.append(f"new, left out: {_listed(observed.extra)}")
    if observed.defaulted:
        differences.append(f"optional and missing: {_listed(observed.defaulted)}")
    advice = "Describe new columns in the contract to use them, or give them the role 'ignored'."
    return [Check("columns", "warn", f"columns differ from the contract ({'; '.join(differences)})", advice=advice)]


def check_row_faults(contract: Contract, observed: Observed) -> list[Check]:
    """One check for every kind of fault; whether there are too many is decided by ``check_rejected``."""
    checks = [
        Check("types", "pass", f"{_rows(count)} rejected: {reason}", observed=count)
        for reason, count in sorted(observed.rejection_reasons.items(), key=lambda entry: -entry[1])
    ]
    if not checks:
        checks.append(Check("types", "pass", "every row parsed", observed=0))
    for kind, count in observed.faults.most_common():
        limit = _limit_of(contract, kind)
        checks.append(Check(kind.check, "pass", f"{_rows(count)} quarantined: {kind}", kind.column, count, limit))
    found = {kind.check for kind in observed.faults}
    clean = {
        "nulls": "no value is missing in a column that is not nullable",
        "range": "every number is within its range",
        "values": "every text is one of its column's values",
        "keys": f"every '{contract.key_column}' is unique"
        if contract.key is None and contract.events is None
        else None,
        "label": "every row has a label" if contract.events is None else None,
        "future": "no row is dated in the future" if contract.time is not None else None,
    }
    return checks + [Check(n, "pass", what, observed=0) for n, what in clean.items() if what and n not in found]


def check_key(contract: Contract) -> list[Check]:
    """Says what a table without a key costs."""
    if contract.key is None:
        return []
    advice = "Give the role 'key' to a column that identifies the customer, if there is one."
    return [Check("keys", "warn", WITHOUT_KEY, advice=advice)]


def check_identical(contract: Contract, observed: Observed) -> list[Check]:
    """Counts exact copies of rows. They are kept in an event log: two equal purchases on one day are possible."""
    if contract.key is not None:
        what = "they are kept: without a key, equal rows may be different customers"
        what = what if observed.identical else "no row is repeated"
    elif contract.events is None:
        what = "each is quarantined with its key" if observed.identical else "no row is repeated"
    else:
        what = "they are kept: equal events may be real" if observed.identical else "no event is repeated"
    message = f"exact copies of an earlier row: {observed.identical:,}; {what}" if observed.identical else what
    return [Check("identical", "pass", message, observed=observed.identical)]


def check_rejected(contract: Contract, observed: Observed) -> list[Check]:
    """Limits the share of rows that did not parse or break the contract."""
    lost = observed.read - observed.good
    share = lost / observed.read if observed.read else 0.0
    quality = contract.quality
    level: Level = "pass"
    if share > quality.warn_rejected_share:
        level = "warn"
    if share > quality.max_rejected_share:
        level = "stop"
    limit = quality.max_rejected_share
    reasons = Counter(observed.rejection_reasons) + Counter(
        {str(kind): count for kind, count in observed.faults.items()}
    )
    mostly = f", mostly: {reasons.most_common(1)[0][0]}" if reasons else ""
    message = (
        f"{lost:,} of {observed.read:,} rows are rejected or quarantined, {_percent(share)} (limit {_percent(limit)})"
    )
    advice = "Correct these rows at the source; or the contract, if it is the contract that is wrong."
    return [Check("rejected", level, message + mostly, None, share, limit, advice)]


def check_missing(contract: Contract, observed: Observed) -> list[Check]:
    """Limits the share of missing values in every feature and sensitive column."""
    checks = []
    for name in contract.columns_of("feature", "sensitive"):
        column = contract.columns[name]
        if name in observed.defaulted:
            continue
        share = observed.missing.get(name, 0) / observed.accepted if observed.accepted else 0.0
        limit = column.max_missing_share
        level: Level = "stop" if share > limit else "pass"
        message = f"'{name}' is missing in {_percent(share)} of rows (limit {_percent(limit)})"
        advice = f"Fill it at the source, or raise 'columns.{name}.max_missing_share'."
        checks.append(Check("missing", level, message, name, share, limit, advice))
    return checks


def check_rows_left(contract: Contract, observed: Observed) -> list[Check]:
    """Requires enough good rows to train a model."""
    limit = contract.quality.min_rows
    level: Level = "stop" if observed.good < limit else "pass"
    advice = "Bring more rows, or lower 'quality.min_rows'."
    return [
        Check("rows", level, f"{observed.good:,} good rows (at least {limit:,})", None, observed.good, limit, advice)
    ]


def check_label(contract: Contract, observed: Observed, labels: Sketch) -> list[Check]:
    """The task's check of the label column."""
    if contract.label_column is None or not observed.good:
        return []
    return [get(contract.task).label.check_column(contract, observed, labels)]


def check_classes(contract: Contract, observed: Observed, labels: Sketch) -> Check:
    """Both classes are there, and the smaller one is not too small."""
    name, limit = str(contract.label_column), contract.quality.min_class_share
    share = min(observed.positives, observed.good - observed.positives) / observed.good
    positive = "' or '".join(contract.label.positives)
    if share == 0.0:
        message = f"the label '{name}' has one class only: {_values_found(labels, name)}; '{positive}' means churn"
        advice = "Set 'label.positive' to the value that means churn, or bring a table with both classes."
        return Check("classes", "stop", message, name, 0.0, limit, advice)
    message = f"'{name}' is '{positive}' in {_percent(observed.positives / observed.good)} of rows"
    level: Level = "stop" if share < limit else "pass"
    if level == "stop":
        message += f": the smaller class is below {_percent(limit)}"
    advice = "Bring more of the smaller class, or lower 'quality.min_class_share'."
    return Check("classes", level, message, name, share, limit, advice)


def check_number(name: str, labels: Sketch) -> Check:
    """The label has more than one value."""
    low, high = labels.lows.get(name), labels.highs.get(name)
    advice = "Bring a table in which it differs."
    if low == high:
        return Check(
            "label",
            "stop",
            f"the label '{name}' is {low:,.6g} in every row: no model can be trained",
            name,
            1,
            2,
            advice,
        )
    return Check("label", "pass", f"the label '{name}' goes from {low:,.6g} to {high:,.6g}", name)


def check_freshness(contract: Contract, newest: date | datetime | None, now: datetime) -> list[Check]:
    """Limits the age of the newest row, where rows have a time and the contract a limit."""
    limit = contract.max_age_days
    if limit is None or newest is None:
        return []
    moment = newest if isinstance(newest, datetime) else datetime.combine(newest, datetime.min.time())
    age = (now - moment.replace(tzinfo=UTC)).total_seconds() / 86_400
    level: Level = "stop" if age > limit else "pass"
    message = f"the newest '{contract.time}' is {newest}, {max(age, 0):,.0f} days old (limit {limit:,})"
    advice = "Bring newer rows; for a historical table set 'quality.freshness_days: null'."
    return [Check("freshness", level, message, contract.time, round(age, 3), limit, advice)]


def check_outliers(good: Sketch) -> list[Check]:
    """Reports numbers outside Tukey's outer fences; they are never removed."""
    checks = []
    for name, column in good.columns.items():
        if column.type not in ("integer", "number"):
            continue
        numbers = good.numbers(name)
        numbers = numbers[~np.isnan(numbers)]
        if not len(numbers):
            continue
        low, high = np.quantile(numbers, [0.25, 0.75])
        reach = FENCE * (high - low)
        # Where half of all rows have the same value the fences have no width: all other values would be outliers.
        outside = int(np.sum((numbers < low - reach) | (numbers > high + reach))) if reach > 0 else 0
        if outside:
            share = outside / len(numbers)
            treatment = "clipped in training" if column.clip else "kept"
            message = (
                f"'{name}' has outliers in {_percent(share)} of rows, outside {low - reach:,.6g} to {high + reach:,.6g}"
                f"; they are {treatment}"
            )
            checks.append(Check("outliers", "pass", message, name, share))
    return checks or [
        Check("outliers", "pass", "no number is an outlier (Tukey, 3 interquartile ranges)", observed=0.0)
    ]


def check_drift(contract: Contract, distances: Mapping[str, float] | None) -> list[Check]:
    """Reports columns whose distribution differs from the champion's training data.

    Args:
        contract: the limit.
        distances: PSI by column; None without a champion.
    """
    if distances is None:
        return [Check("drift", "pass", "there is no champion to compare distributions with")]
    limit = contract.quality.max_psi
    moved = {name: distance for name, distance in distances.items() if distance > limit}
    if not moved:
        most = max(distances.values(), default=0.0)
        return [
            Check("drift", "pass", f"no column moved since the champion (largest PSI {most:.3f})", None, most, limit)
        ]
    advice = "Find out whether the business or the source has changed."
    return [
        Check("drift", "warn", f"'{n}' moved since the champion: PSI {d:.2f} (limit {limit:g})", n, d, limit, advice)
        for n, d in sorted(moved.items(), key=lambda entry: -entry[1])
    ]


def check_positive_value(contract: Contract) -> None:
    """Require that ``label.positive`` is a value of the label column's type.

    Raises:
        ContractError: it is not.
    """
    name = contract.label_column
    if name is None:
        return
    for text in contract.label.positives:
        parse_value(text, name, contract.columns[name], "label.positive")


def _limit_of(contract: Contract, kind: Kind) -> str | None:
    column = contract.columns[kind.column]
    if kind.check == "range" and column.range is not None:
        return " to ".join("any" if side is None else f"{side:g}" for side in column.range)
    return _listed(column.values) if kind.check == "values" and column.values is not None else None


def _values_found(labels: Sketch, name: str) -> str:
    counts = labels.texts(name) if labels.columns[name].is_text or labels.columns[name].type == "boolean" else {}
    if not counts:
        return f"{labels.lows.get(name)} to {labels.highs.get(name)}"
    return _listed([f"'{value}'" for value in counts])


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(names[:MAX_SHOWN]) + more


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
