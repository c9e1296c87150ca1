"""Mean of a column, nulls left out; unknown without values."""

from __future__ import annotations

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import mean

AGGREGATE = Aggregate(name="mean", takes=Takes.NUMBER, phrase="mean of {column}", compute=mean)
