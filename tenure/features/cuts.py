"""The cuts of a contract as instants: fixed ones, or counted back from the end of the data."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.contract.assembly import Assembly
from tenure.contract.cuts import Rolling
from tenure.contract.durations import Duration
from tenure.count_text import listed
from tenure.errors import DataError
from tenure.features.coverage import Coverage, coverage
from tenure.features.instants import days_before, instant_of, instant_text, midnight, shift
from tenure.features.tables import Tables

MAX_SHORT_SHARE = 0.1
"""Share of a window's time that may lie before the first row of its table without a warning: rows may be rare."""


@dataclass(frozen=True)
class Cuts:
    """The instants at which a panel looks at customers."""

    instants: tuple[int, ...]
    """Ascending."""
    end: int
    """Up to here labels are known."""
    warnings: tuple[str, ...]


def cuts(made: Assembly, tables: Tables) -> Cuts:
    """The instants at which customers are looked at.

    The table of the label decides up to where labels are known; see ``Coverage.end``. Rolling cuts are counted back
    from the latest midnight whose label is known by then.

    Raises:
        DataError: a table without which there is no label or no feature is empty, a label is not known by the end of
            the data, or a cut has no history before it.
    """
    histories = _histories(made, tables)
    end = histories[made.label.table].end
    warnings: list[str] = []
    if isinstance(made.cuts, Rolling):
        if made.cuts.until != "last":
            end = instant_of(made.cuts.until, made.zone)
            warnings += _beyond_the_data(end, histories[made.label.table], made)
        instants = _rolling(made, made.cuts, end)
    else:
        instants = tuple(sorted({instant_of(cut, made.zone) for cut in made.cuts}))
        _refuse_unknown_labels(instants, histories[made.label.table], made)
    _refuse_without_history(instants, histories, made)
    warnings += _short_tables(instants, histories, made)
    warnings += _short_windows(instants, histories, made)
    return Cuts(instants, end, tuple(warnings))


def label_end(made: Assembly, cut: int) -> int:
    """The instant up to which rows must be known for the label of a cut: the end of its horizon, and of the grace."""
    label = made.label
    found = cut
    for part in (label.gap, label.horizon, label.grace):
        found = shift(found, part, made.zone, sign=1)
    return found


def _latest(made: Assembly, end: int) -> int:
    """The latest midnight whose label is known at ``end``."""
    found = end
    for part in (made.label.grace, made.label.horizon, made.label.gap):
        found = shift(found, part, made.zone, sign=-1)
    # Where clocks are changed, the way back and the way forth may differ by hours.
    found = midnight(shift(found, Duration(days=1), made.zone, sign=1), made.zone)
    while label_end(made, found) > end:
        found = days_before(found, 1, made.zone)
    return found


def _rolling(made: Assembly, rolling: Rolling, end: int) -> tuple[int, ...]:
    last, step = _latest(made, end), rolling.step
    back = (Duration(step.days * number, step.microseconds * number) for number in reversed(range(rolling.count)))
    try:
        return tuple(shift(last, each, made.zone, sign=-1) for each in back)
    except OverflowError:
        raise DataError(
            f"{rolling.count} cuts every {rolling.every} before {_text(last, made)} reach back before the year 1: "
            "write a smaller 'count' under 'cuts'"
        ) from None


def _read(made: Assembly) -> set[str]:
    """The tables with a time whose rows are features; the entity only where there is no other."""
    found = {window.table for window in made.windows.values()} | {each.table for each in made.as_of_columns.values()}
    timed = {name for name in found if made.tables[name].time is not None}
    return timed - {made.entity} or timed


def _histories(made: Assembly, tables: Tables) -> dict[str, Coverage]:
    """Of the label's table, and of those whose rows are features."""
    found: dict[str, Coverage] = {}
    for name in made.tables:
        if name != made.label.table and name not in _read(made):
            continue
        history = coverage(made, tables, name)
        if history is not None:
            found[name] = history
        elif name == made.label.table:
            raise DataError(f"table '{name}' is empty: the label is computed from it")
    return found


def _text(instant: int, made: Assembly) -> str:
    return instant_text(instant, made.zone)


def _until(end: int, made: Assembly) -> str:
    """Up to an instant: with the day that ends there, where it is a midnight."""
    if midnight(end, made.zone) == end:
        return f"until the end of {_text(days_before(end, 1, made.zone), made)}"
    return f"until {_text(end, made)}"


def _refuse_unknown_labels(instants: tuple[int, ...], history: Coverage, made: Assembly) -> None:
    for cut in instants:
        needed = label_end(made, cut)
        if needed > history.end:
            raise DataError(
                f"the cut {_text(cut, made)} needs rows of '{history.table}' {_until(needed, made)} to know the label, "
                f"they {history.end_phrase}: the latest cut that they cover is "
                f"{_text(_latest(made, history.end), made)}"
            )


def _refuse_without_history(instants: tuple[int, ...], histories: dict[str, Coverage], made: Assembly) -> None:
    read = [history for name, history in histories.items() if name in _read(made)]
    if not read:
        return
    oldest = min(read, key=lambda history: history.first)
    late = [cut for cut in instants if any(cut > history.seen for history in read)]
    if len(late) == len(instants):
        return
    message = (
        f"the cut {_text(instants[0], made)} has no row before it: the history starts on {oldest.first_text} "
        f"(table '{oldest.table}')"
    )
    if isinstance(made.cuts, Rolling) and late:
        raise DataError(f"{message}; {len(late)} of {len(instants)} cuts have: write 'count: {len(late)}' under 'cuts'")
    raise DataError(message)


def _beyond_the_data(end: int, history: Coverage, made: Assembly) -> list[str]:
    if end <= history.end:
        return []
    return [
        f"'cuts.until' says that the data are complete {_until(end, made)}, the last row of '{history.table}' is "
        f"of {history.last_text}: rows that are missing in between would be taken for silence"
    ]


def _short_tables(instants: tuple[int, ...], histories: dict[str, Coverage], made: Assembly) -> list[str]:
    """Tables without rows, or whose rows end before the last cut.

    A history whose rows end early has had no changes since: that is no sign of missing rows.
    """
    last = instants[-1]
    read = {window.table for window in made.windows.values()}
    empty = [
        f"table '{name}' is empty: its windows are the same for everyone"
        for name in made.tables
        if name in read and name not in histories
    ]
    return empty + [
        f"table '{name}' ends before the last cut, {_text(last, made)}: its last row is of {history.last_text}, so "
        "that features of later days lack rows"
        for name, history in histories.items()
        if made.tables[name].kind in ("events", "snapshot") and history.end < last
    ]


def _short_windows(instants: tuple[int, ...], histories: dict[str, Coverage], made: Assembly) -> list[str]:
    """Windows that lack more than ``MAX_SHORT_SHARE`` of their time at the first cut: their table begins later."""
    first = instants[0]
    short: dict[str, list[str]] = {}
    for name, window in made.windows.items():
        history, zone = histories.get(window.table), made.zone_of(window.table)
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
        f"table '{table}' begins on {histories[table].first_text}, too late for windows at the first cut, "
        f"{_text(first, made)}: {listed(names)}"
        for table, names in short.items()
    ]
