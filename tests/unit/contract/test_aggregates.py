"""The table of aggregates: a new one is one entry, known to contracts, features and definitions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.contract import parse
from tenure.contract.aggregates import AGGREGATES, Aggregate, Events, Spans, Takes, label_aggregates
from tenure.contract.values import Floats
from tenure.errors import ContractError
from tenure.features.windows import snapshots

CONTRACT = """
name: log
label: {{horizon_days: 5}}
events: {{cuts: [2024-01-10], active_days: 30}}
columns:
  who: {{type: string, role: key}}
  day: {{type: date, role: time}}
  amount: {{type: number}}
windows: {{w: {{aggregate: {name}, column: amount, days: 9, reason: r}}}}
"""


def last(events: Events) -> Floats:
    spans = events.spans
    return np.where(spans.lengths > 0, events.values[spans.stop - 1], np.nan)


def test_an_entry_is_all_that_an_aggregate_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Aggregate(name="last", takes=Takes.NUMBER, phrase="last {column}", compute=last)
    monkeypatch.setitem(AGGREGATES, entry.name, entry)
    contract = parse(CONTRACT.format(name="last"))
    days = [date(2024, 1, 2), date(2024, 1, 8), date(2024, 1, 20)]
    log = pa.record_batch({"who": ["a", "a", "a"], "day": days, "amount": [1.0, 2.0, 3.0]})
    assert snapshots(contract, [log]).column("w").to_pylist() == [2.0]
    assert contract.windows["w"].phrase == "last amount"


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=lambda aggregate: aggregate.name)
def test_a_label_is_zero_without_events_and_other_aggregates_may_be_unknown(aggregate: Aggregate) -> None:
    spans = Spans(np.array([0, 1]), np.array([0, 2]), np.array([2, 2]))
    found = aggregate.compute(Events(spans, np.array([3.0, 5.0]), lambda places: 10.0 - places))
    assert found.shape == (2,) and np.isfinite(found[0])
    assert found[1] == 0.0 or (np.isnan(found[1]) and not aggregate.is_label)


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=lambda aggregate: aggregate.name)
def test_without_customers_there_are_no_values(aggregate: Aggregate) -> None:
    nobody = np.empty(0, dtype=np.int64)
    spans = Spans(nobody, nobody, nobody)
    assert aggregate.compute(Events(spans, np.array([3.0]), lambda places: 1.0 * places)).shape == (0,)


def test_labels_are_sums_and_counts() -> None:
    assert label_aggregates() == ["sum", "count"]


@pytest.mark.parametrize(("name", "hint"), [("meen", "did you mean 'mean'"), ("total", "there are sum, mean, min")])
def test_an_unknown_aggregate_is_an_error_that_names_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(ContractError, match=rf"no aggregate is called '{name}': {hint}"):
        parse(CONTRACT.format(name=name))
