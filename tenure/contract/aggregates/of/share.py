"""Share of the rows for which a condition holds, rows for which it is null left out; unknown without rows."""

from __future__ import annotations

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import mean

AGGREGATE = Aggregate(name="share", takes=Takes.CONDITION, phrase="share of events with {of}", compute=mean)
