"""``value``: an aggregate of a customer's rows in the horizon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.contract.aggregates import AGGREGATES, Events, Log, Spans
from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.outcome import Outcome, Span
from tenure.features.label_rows import LabelRows


def labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:
    """The aggregate over the horizon, nulls left out; 0 for a customer without a row in it."""
    log = _log(label, rows)

    def before(time: int) -> Codes:
        """The first row of each customer that is not before the time."""
        counted = np.append(0, np.cumsum(log.times < time))
        found: Codes = log.bounds[:-1] + np.diff(counted[log.bounds])
        return found

    def at(span: Span) -> Outcome:
        events = Events(log, Spans(before(span.start), before(span.end)), None, span.cut, None)
        return Outcome(AGGREGATES[str(label.aggregate)].compute(events))

    return at


def _log(label: HorizonLabel, rows: LabelRows) -> Log:
    kept, values = np.arange(len(rows.times)), np.empty(0)
    if label.column is not None:
        column = rows.column(label.column)
        kept = kept if column.known is None else np.flatnonzero(column.known)
        values = column.values[kept].astype(np.float64)
    bounds = np.append(0, np.cumsum(np.bincount(rows.customer[kept], minlength=rows.customers)))
    return Log(bounds, rows.times[kept], values, rows.local)
