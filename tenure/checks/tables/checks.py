"""Checks of one of several tables as a whole, and of all of them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime

from tenure.checks import table as of_table
from tenure.checks.result import Check, Level
from tenure.checks.tables.observed import TableObserved
from tenure.contract import Contract
from tenure.contract.sources import assembly_of, message_prefix
from tenure.contract.tables import Table
from tenure.count_text import count, percent, rows
from tenure.stats import Sketch


def check_table(contract: Contract, name: str, observed: TableObserved, sketch: Sketch) -> list[Check]:
    """The checks of one table but those of its age and its number of rows, which depend on the other tables.

    Args:
        contract: the rules.
        name: of the table.
        observed: what was counted.
        sketch: of its good rows.
    """
    rules = assembly_of(contract).tables[name]
    found = [
        *of_table.check_columns(observed),
        *of_table.check_row_faults(contract, observed, name),
        *_check_copies(rules, observed),
        *_check_orphans(contract, name, observed),
        *_check_times(contract, rules, observed),
        *of_table.check_rejected(contract, observed),
        *of_table.check_missing(contract, observed, name),
        *of_table.check_outliers(sketch),
    ]
    return of_this_table(contract, name, found)


def of_this_table(contract: Contract, name: str, checks: list[Check]) -> list[Check]:
    """The checks with the table's name, where there are several tables."""
    if not message_prefix(contract, name):
        return checks
    return [dataclasses.replace(check, table=name, message=f"{name}: {check.message}") for check in checks]


def check_rows_left(contract: Contract, observed: Mapping[str, TableObserved]) -> list[Check]:
    """Requires enough customers, or rows where no table has one row a customer, and a good row of every table."""
    assembly = assembly_of(contract)
    counted = assembly.entity or max(observed, key=lambda name: observed[name].good)
    found = []
    for name, table in observed.items():
        if name == counted:
            found += of_this_table(contract, name, of_table.check_rows_left(contract, table))
        elif not table.good:
            advice = "Correct the table at its source, or take it and what uses it out of the contract."
            empty = Check("rows", "stop", "no good row is left", None, 0, 1, advice)
            found += of_this_table(contract, name, [empty])
    return found


def check_freshness(contract: Contract, newest: Mapping[str, date | datetime | None], now: datetime) -> list[Check]:
    """Limits the age of the newest row of each table of events.

    A single table that is too old is a warning, since some events are rare; if all are, the data is.

    Args:
        contract: the limit.
        newest: latest time of a good row of each table.
        now: aware.
    """
    assembly = assembly_of(contract)
    found: dict[str, Check] = {}
    for name, table in assembly.tables.items():
        if table.kind == "events":
            check = of_table.freshness_check(str(table.time), newest.get(name), contract.max_age_days, now)
            if check is not None:
                found[name] = check
    level: Level = "stop" if all(check.level == "stop" for check in found.values()) else "warn"
    checks = []
    for name, check in found.items():
        checks += of_this_table(
            contract, name, [dataclasses.replace(check, level=level) if check.level == "stop" else check]
        )
    return checks


def _check_copies(table: Table, observed: TableObserved) -> list[Check]:
    """Counts copies and versions of rows."""
    if table.row_id is not None:
        message = "no row is corrected"
        if observed.superseded or observed.duplicates:
            message = (
                f"{rows(observed.superseded)} superseded by a later version with the same '{table.row_id}', "
                f"{rows(observed.duplicates)} left out as copies of one"
            )
        found = observed.superseded + observed.duplicates
        return [Check("versions", "pass", message, table.row_id, found)]
    if table.kind == "events":
        what = "they are kept: equal events may be real" if observed.identical else "no event is repeated"
        return [of_table.identical_check(observed, what)]
    if not observed.same_time:
        return []
    message = (
        f"{rows(observed.same_time)} with the '{table.key_column}' and '{table.time}' of an earlier row, of which "
        f"{observed.identical:,} copies: of equal times the row with the larger values counts"
    )
    advice = "Write each row once; where a row is corrected, describe its 'row_id' and 'known_at'."
    return [Check("same_time", "warn", message, table.time, observed.same_time, advice=advice)]


def _check_orphans(contract: Contract, name: str, observed: TableObserved) -> list[Check]:
    """Limits the share of rows whose customer is not in the entity."""
    assembly = assembly_of(contract)
    if assembly.entity is None or assembly.entity == name:
        return []
    key, limit = assembly.tables[name].key_column, contract.quality.max_orphan_share
    checks = []
    share = observed.orphaned / observed.read if observed.read else 0.0
    message = f"every '{key}' is in '{assembly.entity}'"
    if observed.orphaned:
        message = (
            f"{observed.orphaned:,} of {rows(observed.read)} ({percent(share)}, limit {percent(limit)}) are of "
            f"customers that are not in '{assembly.entity}', such as {', '.join(observed.orphan_keys)}: "
            "quarantined as orphans"
        )
    advice = f"Bring the rows of these customers in '{assembly.entity}', or raise 'quality.max_orphan_share'."
    level: Level = "stop" if share > limit else "pass"
    if level == "stop" and observed.entity_key is not None:
        message += f"; a key of '{assembly.entity}' is {observed.entity_key}"
    checks.append(Check("orphans", level, message, key, observed.orphaned, limit, advice))
    if observed.of_quarantined:
        message = (
            f"{rows(observed.of_quarantined)} of customers whose row in '{assembly.entity}' is quarantined: left out"
        )
        checks.append(Check("orphans", "pass", message, key, observed.of_quarantined))
    if observed.before_customer:
        time = assembly.tables[assembly.entity].time
        message = f"{rows(observed.before_customer)} from before their customer's '{time}': they count"
        checks.append(Check("before_customer", "pass", message, key, observed.before_customer))
    return checks


def _check_times(contract: Contract, table: Table, observed: TableObserved) -> list[Check]:
    """Counts rows that were known after or before their time, and times that a change of the clock makes doubtful."""
    checks = []
    if table.known_at is not None:
        share = f" ({percent(observed.late / observed.good)})" if observed.late else ""
        message = f"{rows(observed.late)}{share} known on a later day than '{table.time}': each counts once it is known"
        checks.append(Check("late", "pass", message, table.known_at, observed.late))
        if table.known_before_time == "allow" and observed.known_before_time:
            message = f"{rows(observed.known_before_time)} known before their '{table.time}': each counts after it"
            checks.append(Check("known_before_time", "pass", message, table.known_at, observed.known_before_time))
    if observed.doubtful_times:
        zone = table.zone or contract.zone
        times = count(observed.doubtful_times, "time")
        message = f"{times} that clocks in {zone} show twice or skip: the first is taken"
        checks.append(Check("clock", "pass", message, None, observed.doubtful_times))
    return checks
