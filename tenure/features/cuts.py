"""The cuts of a contract as instants: fixed ones, or counted back from the end of the data."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.contract.assembly import Assembly
from tenure.contract.cuts import Rolling
from tenure.contract.durations import Duration
from tenure.errors import DataError
from tenure.features.histories import Histories, check_history, histories, longest
from tenure.features.instant_given import now_instant
from tenure.features.instants import days_before, instant_of, instant_text, midnight, shift
from tenure.features.tables import Tables

SPARSE = Duration(days=7)
"""How much earlier than others the label's table may end without a warning."""


@dataclass(frozen=True)
class Cuts:
    """The instants at which a panel looks at customers."""

    instants: tuple[int, ...]
    """Ascending."""
    warnings: tuple[str, ...]


def cuts(assembly: Assembly, tables: Tables) -> Cuts:
    """The instants at which customers are looked at.

    The table of the label decides up to where labels are known; see ``Coverage.end``. Rolling cuts are counted back
    from the latest midnight whose label is known by then.

    Raises:
        DataError: a table without which there is no label or no feature is empty, a label is not known by the end of
            the data, or a cut has no history before it.
    """
    found = histories(assembly, tables)
    warnings: list[str] = []
    if isinstance(assembly.cuts, Rolling):
        end = found[assembly.label.table].end
        if assembly.cuts.until == "last":
            warnings += _sparse_label(end, assembly.cuts, found, assembly)
        else:
            end = instant_of(assembly.cuts.until, assembly.zone)
            _refuse_the_future(end, assembly)
            warnings += _beyond_the_data(end, found, assembly)
        instants = _rolling(assembly, assembly.cuts, end)
    else:
        instants = tuple(sorted({instant_of(cut, assembly.zone) for cut in assembly.cuts}))
        warnings += _unknown_labels(instants, found, assembly)
    instants, repeated = _once_on_the_clock(instants, assembly)
    warnings += repeated
    return Cuts(instants, (*warnings, *check_history(instants, found, assembly)))


def label_end(assembly: Assembly, cut: int) -> int:
    """The instant up to which rows must be known for the label of a cut: the end of its horizon, and of the grace."""
    label = assembly.label
    found = cut
    for part in (label.gap, label.horizon, label.grace):
        found = shift(found, part, assembly.zone, sign=1)
    return found


def _latest(assembly: Assembly, end: int) -> int:
    """The latest midnight whose label is known at ``end``."""
    found = end
    for part in (assembly.label.grace, assembly.label.horizon, assembly.label.gap):
        found = shift(found, part, assembly.zone, sign=-1)
    # Where clocks are changed, the way back and the way forth may differ by hours.
    found = midnight(shift(found, Duration(days=1), assembly.zone, sign=1), assembly.zone)
    while label_end(assembly, found) > end:
        found = days_before(found, 1, assembly.zone)
    return found


def _rolling(assembly: Assembly, rolling: Rolling, end: int) -> tuple[int, ...]:
    last, step = _latest(assembly, end), rolling.step
    back = (Duration(step.days * number, step.microseconds * number) for number in reversed(range(rolling.count)))
    try:
        return tuple(shift(last, each, assembly.zone, sign=-1) for each in back)
    except OverflowError:
        raise DataError(
            f"{rolling.count} cuts every {rolling.every} before {instant_text(last, assembly.zone)} reach back before "
            "the year 1: "
            "write a smaller 'count' under 'cuts'"
        ) from None


def _until(end: int, assembly: Assembly) -> str:
    """Up to an instant: with the day that ends there, where it is a midnight."""
    if midnight(end, assembly.zone) == end:
        return f"until the end of {instant_text(days_before(end, 1, assembly.zone), assembly.zone)}"
    return f"until {instant_text(end, assembly.zone)}"


def _once_on_the_clock(instants: tuple[int, ...], assembly: Assembly) -> tuple[tuple[int, ...], list[str]]:
    """The instants without those whose time the clock shows a second time, when it is set back."""
    later = {instant_text(instant, assembly.zone): instant for instant in instants}
    left_out = [
        instant_text(instant, assembly.zone)
        for instant in instants
        if later[instant_text(instant, assembly.zone)] != instant
    ]
    warnings = [f"the clock shows {text} twice: of the two cuts the first is left out" for text in left_out]
    return tuple(sorted(later.values())), warnings


def _unknown_labels(instants: tuple[int, ...], found: Histories, assembly: Assembly) -> list[str]:
    """A warning where only the rows of other tables show that the data reach to the end of the last horizon.

    Raises:
        DataError: no table shows that.
    """
    history, last = found[assembly.label.table], longest(found, assembly)
    for cut in instants:
        needed = label_end(assembly, cut)
        if needed > last.end:
            raise DataError(
                f"the cut {instant_text(cut, assembly.zone)} needs rows of '{history.table}' "
                f"{_until(needed, assembly)} to know the label, "
                f"they {history.end_phrase}: the latest cut that they cover is "
                f"{instant_text(_latest(assembly, history.end), assembly.zone)}"
            )
    if label_end(assembly, instants[-1]) <= history.end:
        return []
    return [
        f"the label of the cut {instant_text(instants[-1], assembly.zone)} needs rows of '{history.table}' "
        f"{_until(label_end(assembly, instants[-1]), assembly)}, they {history.end_phrase}: "
        "later ones are taken not to exist, "
        f"since rows of '{last.table}' {last.end_phrase}"
    ]


def _sparse_label(end: int, rolling: Rolling, found: Histories, assembly: Assembly) -> list[str]:
    """A warning where another table shows that the data would cover a later cut."""
    last = longest(found, assembly)
    if max(shift(end, step, assembly.zone, sign=1) for step in (rolling.step, SPARSE)) > last.end:
        return []
    return [
        f"cuts are counted back from the end of table '{assembly.label.table}', where rows "
        f"{found[assembly.label.table].end_phrase}; those of '{last.table}' {last.end_phrase}: if none is missing, "
        f"write 'until: {instant_text(last.end, assembly.zone)[:10]}' under 'cuts'"
    ]


def _refuse_the_future(end: int, assembly: Assembly) -> None:
    """Refuse the end of data that lies more than a day ahead: today ends within a day."""
    if end > shift(now_instant(), Duration(days=1), assembly.zone, sign=1):
        raise DataError(
            f"'cuts.until' lies in the future, at {instant_text(end, assembly.zone)}: data are complete up to now at "
            "most; write the day up to which they are, or 'last'"
        )


def _beyond_the_data(end: int, found: Histories, assembly: Assembly) -> list[str]:
    last = longest(found, assembly)
    if end <= last.end:
        return []
    return [
        f"'cuts.until' says that the data are complete {_until(end, assembly)}, the last row is of "
        f"{last.last_text} (table '{last.table}'): rows that are missing in between would be taken for silence"
    ]
