"""The table of aggregates: a new one is one entry, known to contracts, features and definitions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.contract import parse
from tenure.contract.aggregates import AGGREGATES, Aggregate, Events, Log, Spans, Takes, label_aggregates
from tenure.contract.durations import DAY_US
from tenure.contract.values import Floats
from tenure.errors import ContractError
from tenure.features.panel import panel
from tenure.features.tables import Tables

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


def newest(events: Events) -> Floats:
    spans = events.spans
    return np.where(spans.lengths > 0, events.log.values[spans.stop - 1], np.nan)


def two_customers() -> Events:
    """The first has two rows, a day apart, the second has none."""
    log = Log(np.array([0, 2, 2]), np.array([0, DAY_US]), np.array([1.0, 0.0]), lambda times: times)
    spans = Spans(np.array([0, 2]), np.array([2, 2]))
    return Events(log, spans, Spans(np.array([0, 2]), np.array([0, 2])), 3 * DAY_US, 9.0, 0.5)


def nobody() -> Events:
    none = np.empty(0, dtype=np.int64)
    return Events(
        Log(np.array([0]), none, np.empty(0), lambda times: times), Spans(none, none), Spans(none, none), 0, 9
    )


def test_an_entry_is_all_that_an_aggregate_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Aggregate(name="newest", takes=Takes.NUMBER, phrase="newest {column}", compute=newest)
    monkeypatch.setitem(AGGREGATES, entry.name, entry)
    contract = parse(CONTRACT.format(name="newest"))
    days = [date(2024, 1, 2), date(2024, 1, 8), date(2024, 1, 20)]
    log = pa.table({"who": ["a", "a", "a"], "day": days, "amount": [1.0, 2.0, 3.0]})
    assert panel(contract, Tables.of_arrow(contract, {"events": log})).table.column("w").to_pylist() == [2.0]
    assert contract.windows["w"].phrase == "newest amount"


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=lambda aggregate: aggregate.name)
def test_a_label_is_zero_without_events_and_other_aggregates_may_be_unknown(aggregate: Aggregate) -> None:
    found = aggregate.compute(two_customers())
    assert found.shape == (2,) and np.isfinite(found[0])
    assert found[1] == 0.0 or (np.isnan(found[1]) and not aggregate.is_label)


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=lambda aggregate: aggregate.name)
def test_without_customers_there_are_no_values(aggregate: Aggregate) -> None:
    assert aggregate.compute(nobody()).shape == (0,)


def test_labels_are_sums_and_counts() -> None:
    assert label_aggregates() == ["count", "sum"]


@pytest.mark.parametrize(
    ("name", "hint"), [("meen", "did you mean 'mean'"), ("total", "there are active_days, age, count")]
)
def test_an_unknown_aggregate_is_an_error_that_names_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(ContractError, match=rf"no aggregate is called '{name}': {hint}"):
        parse(CONTRACT.format(name=name))
