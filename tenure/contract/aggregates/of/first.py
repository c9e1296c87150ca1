"""First value of a column that is not null; unknown without values."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events


def _compute(events: Events) -> NDArray[Any]:
    return events.at(events.spans.start, events.log.values)


AGGREGATE = Aggregate(name="first", takes=Takes.ANY, phrase="first {column}", compute=_compute, result="column")
