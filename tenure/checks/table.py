"""What the contract asks of a table as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from tenure.checks.result import Check, Level
from tenure.contract import Contract
from tenure.parsing.faults import Kind
from tenure.parsing.parse import parse_value
from tenure.stats import Sketch
from tenure.tasks import get

FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges ("Exploratory Data Analysis", 1977)."""
MAX_SHOWN = 5
"""Names shown of a longer list."""


@dataclass
class Observed:
    """What was seen of a table while its rows passed."""

    read: int = 0
    rejected: int = 0
    accepted: int = 0
    """Rows that parsed."""
    good: int = 0
    """Accepted rows that keep the contract."""
    extra: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    rejection_reasons: Mapping[str, int] = field(default_factory=dict)
    faults: Counter[Kind] = field(default_factory=Counter)
    """Faults of accepted rows."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Missing values of accepted rows, by column."""
    identical: int = 0
    """Accepted rows that are an exact copy of one before them."""
    newest: date | datetime | None = None
    """Of the good rows' time column; a moment is UTC without a zone."""
    positives: int = 0
    """Good rows whose label is the positive one."""


def check_columns(seen: Observed) -> list[Check]:
    """New columns are left out, missing optional ones filled in: both are said."""
    if not seen.extra and not seen.defaulted:
        return [Check("columns", "pass", "the columns are the contract's")]
    said = []
    if seen.extra:
        said.append(f"new, left out: {_listed(seen.extra)}")
    if seen.defaulted:
        said.append(f"optional and not there: {_listed(seen.defaulted)}")
    advice = "Describe new columns in the contract to use them, or give them the role 'ignored'."
    return [Check("columns", "warn", f"columns differ from the contract ({'; '.join(said)})", advice=advice)]


def check_row_faults(contract: Contract, seen: Observed) -> list[Check]:
    """One check for every kind of fault found; the share of all faults decides, in ``check_rejected``."""
    checks = [
        Check("types", "pass", f"{_rows(count)} rejected: {reason}", observed=count)
        for reason, count in sorted(seen.rejection_reasons.items(), key=lambda entry: -entry[1])
    ]
    if not checks:
        checks.append(Check("types", "pass", "every row parsed", observed=0))
    for kind, count in seen.faults.most_common():
        limit = _limit_of(contract, kind)
        checks.append(Check(kind.check, "pass", f"{_rows(count)} quarantined: {kind}", kind.column, count, limit))
    found = {kind.check for kind in seen.faults}
    clean = {
        "nulls": "no value is missing where the contract forbids it",
        "range": "every number is within its range",
        "values": "every text is one of its column's values",
        "keys": f"'{contract.key}' stands once only" if contract.events is None else None,
        "label": "every row has a label" if contract.events is None else None,
        "future": "no row is from the future" if contract.time is not None else None,
    }
    return checks + [Check(n, "pass", what, observed=0) for n, what in clean.items() if what and n not in found]


def check_identical(contract: Contract, seen: Observed) -> list[Check]:
    """Exact copies of rows. In an event log they stay: two equal purchases on one day are possible."""
    if contract.events is None:
        what = "each is quarantined with its key" if seen.identical else "no row stands twice"
    else:
        what = "they are kept: equal events may be real" if seen.identical else "no event stands twice"
    message = f"exact copies of an earlier row: {seen.identical:,}; {what}" if seen.identical else what
    return [Check("identical", "pass", message, observed=seen.identical)]


def check_rejected(contract: Contract, seen: Observed) -> list[Check]:
    """Share of rows that did not parse or break the contract, of all rows read."""
    lost = seen.read - seen.good
    share = lost / seen.read if seen.read else 0.0
    quality = contract.quality
    level: Level = "pass"
    if share > quality.warn_rejected_share:
        level = "warn"
    if share > quality.max_rejected_share:
        level = "stop"
    limit = quality.max_rejected_share
    reasons = Counter(seen.rejection_reasons) + Counter({str(kind): count for kind, count in seen.faults.items()})
    mostly = f", mostly: {reasons.most_common(1)[0][0]}" if reasons else ""
    message = f"{lost:,} of {seen.read:,} rows are rejected or quarantined, {_percent(share)} (limit {_percent(limit)})"
    advice = "Correct these rows at the source; or the contract, if it is the contract that is wrong."
    return [Check("rejected", level, message + mostly, None, share, limit, advice)]


def check_missing(contract: Contract, seen: Observed) -> list[Check]:
    """Share of missing values of every feature and sensitive column."""
    checks = []
    for name in contract.columns_of("feature", "sensitive"):
        column = contract.columns[name]
        if name in seen.defaulted:
            continue
        share = seen.missing.get(name, 0) / seen.accepted if seen.accepted else 0.0
        limit = column.max_missing_share
        level: Level = "stop" if share > limit else "pass"
        message = f"'{name}' is missing in {_percent(share)} of rows (limit {_percent(limit)})"
        advice = f"Fill it at the source, or raise 'columns.{name}.max_missing_share'."
        checks.append(Check("missing", level, message, name, share, limit, advice))
    return checks


def check_rows_left(contract: Contract, seen: Observed) -> list[Check]:
    """Enough good rows to learn from."""
    limit = contract.quality.min_rows
    level: Level = "stop" if seen.good < limit else "pass"
    advice = "Bring more rows, or lower 'quality.min_rows'."
    return [Check("rows", level, f"{seen.good:,} good rows (at least {limit:,})", None, seen.good, limit, advice)]


def check_label(contract: Contract, seen: Observed, labels: Sketch) -> list[Check]:
    """The task's check of the label column."""
    if contract.label_column is None or not seen.good:
        return []
    return [get(contract.task).label.check_column(contract, seen, labels)]


def check_classes(contract: Contract, seen: Observed, labels: Sketch) -> Check:
    """Both classes are there, and the smaller one is not too small."""
    name, limit = str(contract.label_column), contract.quality.min_class_share
    share = min(seen.positives, seen.good - seen.positives) / seen.good
    positive = contract.label.positive
    if share == 0.0:
        message = f"the label '{name}' has one class only: {_found(labels, name)}; '{positive}' means churn"
        advice = "Set 'label.positive' to the value that means churn, or bring a table with both classes."
        return Check("classes", "stop", message, name, 0.0, limit, advice)
    message = f"'{name}' is '{positive}' in {_percent(seen.positives / seen.good)} of rows"
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
            "label", "stop", f"the label '{name}' is {low:,.6g} in every row: nothing can be learnt", name, 1, 2, advice
        )
    return Check("label", "pass", f"the label '{name}' goes from {low:,.6g} to {high:,.6g}", name)


def check_freshness(contract: Contract, newest: date | datetime | None, now: datetime) -> list[Check]:
    """The newest row is recent, where rows have a time and the contract a limit."""
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
    """Numbers outside Tukey's outer fences: reported, never dropped."""
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
        # Where half of all rows hold one value the fences have no width, and would call all others outliers.
        outside = int(np.sum((numbers < low - reach) | (numbers > high + reach))) if reach > 0 else 0
        if outside:
            share = outside / len(numbers)
            fate = "clipped in training" if column.clip else "kept"
            message = (
                f"'{name}' has outliers in {_percent(share)} of rows, outside {low - reach:,.6g} to {high + reach:,.6g}"
                f"; they are {fate}"
            )
            checks.append(Check("outliers", "pass", message, name, share))
    return checks or [
        Check("outliers", "pass", "no number is an outlier (Tukey, 3 interquartile ranges)", observed=0.0)
    ]


def check_drift(contract: Contract, distances: Mapping[str, float] | None) -> list[Check]:
    """Distance of every column from the last accepted run's; None where there was none."""
    if distances is None:
        return [Check("drift", "pass", "no accepted run to compare distributions with")]
    limit = contract.quality.max_psi
    moved = {name: distance for name, distance in distances.items() if distance > limit}
    if not moved:
        most = max(distances.values(), default=0.0)
        return [
            Check("drift", "pass", f"no column moved since the champion (largest PSI {most:.3f})", None, most, limit)
        ]
    advice = "Has the business changed, or the source?"
    return [
        Check("drift", "warn", f"'{n}' moved since the champion: PSI {d:.2f} (limit {limit:g})", n, d, limit, advice)
        for n, d in sorted(moved.items(), key=lambda entry: -entry[1])
    ]


def check_positive_value(contract: Contract) -> None:
    """
    Raises:
        ContractError: ``label.positive`` is no value of the label column's type.
    """
    name, positive = contract.label_column, contract.label.positive
    if name is not None and positive is not None:
        parse_value(positive, name, contract.columns[name], "label.positive")


def _limit_of(contract: Contract, kind: Kind) -> str | None:
    column = contract.columns[kind.column]
    if kind.check == "range" and column.range is not None:
        return " to ".join("any" if side is None else f"{side:g}" for side in column.range)
    return _listed(column.values) if kind.check == "values" and column.values is not None else None


def _found(labels: Sketch, name: str) -> str:
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
