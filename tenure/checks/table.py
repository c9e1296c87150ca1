"""Checks of a table as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np

from tenure.checks.duplicates import COPIES_ADVICE
from tenure.checks.keys import check_repeats, unique_message
from tenure.checks.observed import Observed
from tenure.checks.result import Check, Level
from tenure.contract import Contract
from tenure.contract.sources import described
from tenure.contract.tables import Table
from tenure.count_text import listed, percent, rows
from tenure.parsing.faults import Kind
from tenure.stats import Sketch

FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges ("Exploratory Data Analysis", 1977)."""
MANY_COPIES = 0.05
"""Share of exact copies in a table without a key from which they are a warning."""


def check_columns(observed: Observed) -> list[Check]:
    """Reports new columns, which are left out, and missing optional ones, which get their default."""
    if not observed.extra and not observed.defaulted:
        return [Check("columns", "pass", "the columns are the contract's")]
    differences = []
    if observed.extra:
        differences.append(f"new, left out: {listed(observed.extra)}")
    if observed.defaulted:
        differences.append(f"optional and missing: {listed(observed.defaulted)}")
    advice = "Describe new columns in the contract to use them, or give them the role 'ignored'."
    return [Check("columns", "warn", f"columns differ from the contract ({'; '.join(differences)})", advice=advice)]


def check_row_faults(contract: Contract, observed: Observed, table: str | None = None) -> list[Check]:
    """One check for every kind of fault; whether there are too many is decided by ``check_rejected``.

    Args:
        contract: the rules.
        observed: what was counted.
        table: the table's name, as for ``tenure.parsing.table_columns``.
    """
    rules = described(contract, table)
    checks = [
        Check("types", "pass", f"{rows(count)} rejected: {observed.describe(reason)}", observed=count)
        for reason, count in sorted(observed.rejection_reasons.items(), key=lambda entry: -entry[1])
    ]
    if not checks:
        checks.append(Check("types", "pass", "every row parsed", observed=0))
    for kind, count in observed.faults.most_common():
        if kind.check == "keys" and count > contract.quality.max_rejected_share * observed.accepted:
            repeated = check_repeats(rules, count, observed.accepted)
            if repeated is not None:
                checks.append(repeated)
                continue
        limit = _limit_of(rules, kind)
        message = f"{rows(count)} quarantined: {observed.describe(str(kind))}"
        checks.append(Check(kind.check, "pass", message, kind.column, count, limit))
    found = {kind.check for kind in observed.faults}
    clean = {
        "nulls": "no value is missing in a column that is not nullable",
        "range": "every number is within its range",
        "values": "every text is one of its column's values",
        "keys": unique_message(rules),
        "future": "no row is dated in the future" if rules.time is not None else None,
    }
    return checks + [Check(n, "pass", what, observed=0) for n, what in clean.items() if what and n not in found]


def check_identical(contract: Contract, observed: Observed) -> list[Check]:
    """Counts exact copies of rows.

    They are kept without a key. Where a table may have been loaded twice, many copies are a warning: a panel without a
    time column, and a table without a key, whose copies get into several parts of the split.
    """
    advice = None
    if not observed.identical:
        what = "no row is repeated"
    elif contract.key is not None:
        what = "they are kept: without a key, equal rows may be different customers"
        if observed.identical >= MANY_COPIES * observed.accepted:
            advice = COPIES_ADVICE
    elif contract.row_identity:
        what = "each is quarantined with its key"
    else:
        what = "they are kept, and count as often"
        advice = "Remove them at the source if they are no rows of their own, or give the row's time the role 'time'."
    return [identical_check(observed, what, advice)]


def identical_check(observed: Observed, what: str, advice: str | None = None) -> Check:
    """The check that counts exact copies of rows.

    Args:
        observed: what was counted.
        what: what becomes of them, or that there are none.
        advice: what to do about them; None where they are no reason to warn.
    """
    message = what
    if observed.identical:
        share = f"{observed.identical:,} ({percent(observed.identical / observed.accepted)})"
        message = f"exact copies of an earlier row: {share}; {what}"
    level: Level = "pass" if advice is None else "warn"
    return Check("identical", level, message, observed=observed.identical, advice=advice)


def check_rejected(contract: Contract, observed: Observed) -> list[Check]:
    """Limits the share of rows that did not parse or break the contract, of those that are not set aside."""
    used = observed.read - observed.set_aside
    share = observed.lost / used if used else 0.0
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
    mostly = f", mostly: {observed.describe(reasons.most_common(1)[0][0])}" if reasons else ""
    message = (
        f"{observed.lost:,} of {used:,} rows are rejected or quarantined, {percent(share)} (limit {percent(limit)})"
    )
    advice = "Correct these rows at the source; or the contract, if it is the contract that is wrong."
    return [Check("rejected", level, message + mostly, None, share, limit, advice)]


def check_missing(contract: Contract, observed: Observed, table: str | None = None) -> list[Check]:
    """Limits the share of missing values in every feature and sensitive column.

    Args:
        contract, observed, table: as for ``check_row_faults``.
    """
    checks = []
    used = observed.accepted - observed.set_aside
    rules, where = described(contract, table), "columns" if table is None else f"tables.{table}.columns"
    for name in rules.columns_of("feature", "sensitive"):
        column = rules.columns[name]
        if name in observed.defaulted:
            continue
        share = observed.missing.get(name, 0) / used if used else 0.0
        limit = column.max_missing_share
        level: Level = "stop" if share > limit else "pass"
        message = f"'{name}' is missing in {percent(share)} of rows (limit {percent(limit)})"
        advice = f"Fill it at the source, or raise '{where}.{name}.max_missing_share'."
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


def check_freshness(contract: Contract, newest: date | datetime | None, now: datetime) -> list[Check]:
    """Limits the age of the newest row, where rows have a time and the contract a limit."""
    found = freshness_check(str(contract.time), newest, contract.max_age_days, now)
    return [] if found is None else [found]


def freshness_check(time: str, newest: date | datetime | None, limit: int | None, now: datetime) -> Check | None:
    """The check of the age of a table's newest row; None without a row or a limit.

    Args:
        time: the table's time column.
        newest: its latest value.
        limit: largest age, in days.
        now: aware.
    """
    if limit is None or newest is None:
        return None
    moment = newest if isinstance(newest, datetime) else datetime.combine(newest, datetime.min.time())
    age = (now - moment.replace(tzinfo=UTC)).total_seconds() / 86_400
    level: Level = "stop" if age > limit else "pass"
    message = f"the newest '{time}' is {newest}, {max(age, 0):,.0f} days old (limit {limit:,})"
    advice = "Bring newer rows; for a historical table set 'quality.freshness_days: null'."
    return Check("freshness", level, message, time, round(age, 3), limit, advice)


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
                f"'{name}' has outliers in {percent(share)} of rows, outside {low - reach:,.6g} to {high + reach:,.6g}"
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


def _limit_of(rules: Contract | Table, kind: Kind) -> str | None:
    column = rules.columns[kind.column]
    if kind.check == "range" and column.range is not None:
        return " to ".join("any" if side is None else f"{side:g}" for side in column.range)
    return listed(column.values) if kind.check == "values" and column.values is not None else None
