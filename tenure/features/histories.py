"""The history that tables hold for the features at cuts: how far it reaches back, and where it ends early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenure.contract.assembly import Assembly
from tenure.contract.cuts import Rolling
from tenure.count_text import listed
from tenure.errors import DataError
from tenure.features.coverage import Coverage, coverage
from tenure.features.instants import days_before, instant_text, shift
from tenure.features.tables import Tables

MAX_SHORT_SHARE = 0.1
"""Share of a window's time that may lie before the first row of its table without a warning: rows may be rare."""

Histories = Mapping[str, Coverage]
"""By table."""


def histories(assembly: Assembly, tables: Tables) -> Histories:
    """Those of the label's table, and of tables with a time whose rows are features; an empty table has none.

    Raises:
        DataError: the label's table is empty, or a row has no time.
    """
    found: dict[str, Coverage] = {}
    for name in assembly.tables:
        if name != assembly.label.table and name not in _read(assembly):
            continue
        history = coverage(assembly, tables, name)
        if history is not None:
            found[name] = history
        elif name == assembly.label.table:
            raise DataError(f"table '{name}' is empty: the label is computed from it")
    return found


def longest(found: Histories, assembly: Assembly) -> Coverage:
    """The table whose rows reach furthest, of the label's and of those that show how far the data go."""
    read = [
        history
        for name, history in found.items()
        if name == assembly.label.table or assembly.tables[name].kind in ("events", "snapshot")
    ]
    return max(read, key=lambda history: history.end)


def check_history(instants: Sequence[int], found: Histories, assembly: Assembly) -> list[str]:
    """Warnings of tables and windows that lack rows at the cuts.

    Raises:
        DataError: a cut has no row before it.
    """
    _refuse_without_history(instants, found, assembly)
    return [*_short_tables(instants, found, assembly), *_short_windows(instants, found, assembly)]


def _refuse_without_history(instants: Sequence[int], found: Histories, assembly: Assembly) -> None:
    read = [history for name, history in found.items() if name in _read(assembly)]
    if not read:
        return
    oldest = min(read, key=lambda history: history.first)
    late = [cut for cut in instants if any(cut > history.seen for history in read)]
    if len(late) == len(instants):
        return
    message = (
        f"the cut {instant_text(instants[0], assembly.zone)} has no row before it: the history starts on "
        f"{oldest.first_text} "
        f"(table '{oldest.table}')"
    )
    if isinstance(assembly.cuts, Rolling) and late:
        raise DataError(f"{message}; {len(late)} of {len(instants)} cuts have: write 'count: {len(late)}' under 'cuts'")
    raise DataError(message)


def _short_tables(instants: Sequence[int], found: Histories, assembly: Assembly) -> list[str]:
    """Tables without rows, or whose rows end before the last cut.

    A history whose rows end early has had no changes since: that is no sign of missing rows.
    """
    last = instants[-1]
    read = {window.table for window in assembly.windows.values()}
    empty = [
        f"table '{name}' is empty: its windows are the same for everyone"
        for name in assembly.tables
        if name in read and name not in found
    ]
    return empty + [
        f"table '{name}' ends before the last cut, {instant_text(last, assembly.zone)}: its last row is of "
        f"{history.last_text}, so "
        "that features of later days lack rows"
        for name, history in found.items()
        if assembly.tables[name].kind in ("events", "snapshot") and history.end < last
    ]


def _short_windows(instants: Sequence[int], found: Histories, assembly: Assembly) -> list[str]:
    """Windows that lack more than ``MAX_SHORT_SHARE`` of their time at the first cut: their table begins later."""
    first = instants[0]
    short: dict[str, list[str]] = {}
    for name, window in assembly.windows.items():
        history, zone = found.get(window.table), assembly.zone_of(window.table)
        if history is None:
            continue
        start = first
        if window.window.days is not None:
            start = days_before(first, window.window.days, zone)
        elif window.last is not None:
            start = shift(first, window.last, zone, sign=-1)
        if history.first - start > MAX_SHORT_SHARE * (first - start):
            short.setdefault(window.table, []).append(f"'{name}' ({window.reach_phrase})")
    return [
        f"table '{table}' begins on {found[table].first_text}, too late for windows at the first cut, "
        f"{instant_text(first, assembly.zone)}: {listed(names)}"
        for table, names in short.items()
    ]


def _read(assembly: Assembly) -> set[str]:
    """The tables with a time whose rows are features; the entity only where there is no other."""
    found = {window.table for window in assembly.windows.values()} | {
        each.table for each in assembly.as_of_columns.values()
    }
    timed = {name for name in found if assembly.tables[name].time is not None}
    return timed - {assembly.entity} or timed
