"""The times of a label: shorter horizons, of which a model predicts the probability besides that of the horizon."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tenure.contract.durations import Duration, parse_duration

if TYPE_CHECKING:
    from tenure.contract.settings import Label


def horizon_times(label: Label) -> tuple[Duration, ...]:
    """The times of a label with a horizon, shortest first; empty without any.

    Raises:
        ValueError: the label is a number, or the times are not ascending, beyond the horizon or the horizon alone.
    """
    times = tuple(parse_duration(text) for text in label.times)
    if not times:
        return ()
    if label.kind == "value":
        raise ValueError("'times' is for the kinds event, status, lapse and no_event: a value has no probability")
    horizon = parse_duration(str(label.horizon))
    for before, after in pairwise(times):
        if before.nominal >= after.nominal:
            raise ValueError(f"'times' must be ascending and without repeats: {after} comes after {before}")
    if times[-1].nominal > horizon.nominal:
        raise ValueError(f"'times' has {times[-1]}, which is longer than the horizon of {horizon}")
    if times[0].nominal == horizon.nominal:
        raise ValueError(f"'times' has only the horizon of {horizon}, which is predicted anyway: add a shorter time")
    return (*times[:-1], horizon) if times[-1].nominal == horizon.nominal else times


def column_name(kind: str, time: Duration) -> str:
    """Name of the output with the probability for a time: ``probability_within_30d``.

    Args:
        kind: of the label. For ``no_event`` the output is the probability that no event follows within the time,
            ``probability_no_event_within_30d``.
        time: one of the label's.
    """
    return f"probability_{'no_event_' if kind == 'no_event' else ''}within_{time.short}"
