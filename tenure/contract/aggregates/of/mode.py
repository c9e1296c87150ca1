"""The most frequent value of a column, nulls left out; of several the smallest. Unknown without values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import sorted_members
from tenure.contract.aggregates.rows import Events


def _compute(events: Events) -> NDArray[Any]:
    rows, spans = sorted_members(events)
    values = events.log.values[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (spans[1:] != spans[:-1]) | (values[1:] != values[:-1])
    starts = np.flatnonzero(new)
    times = np.diff(np.append(starts, len(rows)))
    # Stable, so that the smallest of the values with the same frequency comes first.
    order = np.lexsort((-times, spans[starts]))
    owners = spans[starts][order]
    first = np.ones(len(owners), dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    chosen = np.zeros(len(events.spans.start), dtype=np.int64)
    chosen[owners[first]] = rows[starts[order[first]]]
    return events.at(chosen, events.log.values)


AGGREGATE = Aggregate(name="mode", takes=Takes.ANY, phrase="most frequent {column}", compute=_compute, result="column")
