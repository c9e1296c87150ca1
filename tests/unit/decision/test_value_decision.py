"""What is done about a predicted value: interval, bands, threshold under the contact limit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.contract import Contract, parse
from tenure.errors import BundleError
from tenure.tasks.value.choose import choose_decision, label_bounds, top_threshold
from tenure.tasks.value.decision import ValueDecision

CONTRACT = """
name: shop
task: regression
columns:
  id: {type: string, role: key}
  visits: {type: number}
  spend: {type: number, role: label, range: [0, 5000]}
business: {contacts_per_day: 100}
decision:
  recommendations: {low: wait, high: call today}
"""


def contract(decision: str = "", column: str = "range: [0, 5000]") -> Contract:
    return parse(CONTRACT.replace("range: [0, 5000]", column).replace("decision:\n", f"decision:\n{decision}"))


def validation_part(rows: int = 1_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What a model says, and what was."""
    rng = np.random.default_rng(seed)
    margin = rng.gamma(2.0, 60.0, rows) - 20.0
    return margin, np.maximum(0.0, margin + rng.normal(0.0, 30.0, rows))


def chosen(described: Contract | None = None, rows: int = 1_000) -> ValueDecision:
    margin, label = validation_part(rows)
    return choose_decision(described or contract(), margin, label, training_label=label + 1.0, customers=2_000)


def test_the_highest_values_are_contacted_up_to_the_limit() -> None:
    decision = chosen()
    value = decision.value(validation_part()[0])
    contacted = decision.decide(value)
    assert contacted.sum() == 50  # a hundred of two thousand
    assert value[contacted].min() >= value[~contacted].max()
    label, expected = validation_part()[1], decision.expected
    assert expected["contacts_per_period"] == pytest.approx(100.0)
    assert expected["mean_value_contacted"] == pytest.approx(label[contacted].mean())
    assert expected["value_share_contacted"] == pytest.approx(label[contacted].sum() / label.sum())
    assert decision.label_mean == pytest.approx(label.mean() + 1.0)
    assert decision.label_spread == pytest.approx(label.std())


def test_a_fixed_value_replaces_the_limit() -> None:
    decision = chosen(contract("  at_least: 120\n"))
    assert decision.threshold == 120.0
    assert decision.decide(np.array([119.9, 120.0])).tolist() == [False, True]
    assert decision.decide(np.array([10.0, 50.0]), 50.0).tolist() == [False, True]


@settings(max_examples=examples(80))
@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 6).map(float)), st.floats(0.0, 1.0))
def test_no_more_than_the_share_and_equal_values_together(value: np.ndarray, share: float) -> None:
    threshold = top_threshold(value, share)
    contacted = value >= threshold
    room = math.floor(share * len(value) + 1e-9)
    assert contacted.sum() <= room
    # One more group of equal values would not fit.
    if not contacted.all():
        next_down = value[~contacted].max()
        assert (value >= next_down).sum() > room


def test_value_and_interval_keep_to_what_the_label_can_be() -> None:
    decision = chosen()
    assert decision.bounds == (0.0, 5000.0)
    margin = np.array([-40.0, 3.0, 200.0, 9e9])
    value = decision.value(margin)
    assert value.tolist() == [0.0, 3.0, 200.0, 5000.0]
    low, high = decision.interval(value)
    assert low[0] == low[1] == 0.0 and high[3] == 5000.0
    half = decision.half_width.at(value)
    assert high[2] - low[2] == pytest.approx(2 * half[2])
    assert replace(decision, bounds=(None, None)).value(margin) is margin
    _, label = validation_part()
    inside = decision.interval(decision.value(validation_part()[0]))
    assert ((inside[0] <= label) & (label <= inside[1])).mean() == pytest.approx(0.90, abs=0.002)


def test_the_bounds_are_the_contracts() -> None:
    log = """
name: log
task: regression
label: {LABEL}
events: {cuts: [2024-01-01], active_days: 30}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
  paid: {type: number, range: [0, 100]}
  balance: {type: number}
windows: {n: {aggregate: count, reason: r}}
"""

    def of(label: str) -> tuple[float | None, float | None]:
        return label_bounds(parse(log.replace("LABEL", "horizon_days: 9, " + label)))

    assert of("aggregate: count") == (0.0, None)
    assert of("aggregate: sum, column: paid") == (0.0, None)
    assert of("aggregate: sum, column: balance") == (None, None)
    assert label_bounds(contract(column="range: [null, 9]")) == (None, 9.0)
    assert label_bounds(contract(column="unit: USD")) == (None, None)


def test_bands_follow_from_the_threshold_unless_the_contract_says_others() -> None:
    decision = chosen()
    value = decision.value(validation_part()[0])
    band, contacted = np.array(decision.band(value)), decision.decide(value)
    assert set(band[contacted]) == {"high"} and "high" not in band[~contacted]
    names, counts = np.unique(band[~contacted], return_counts=True)
    assert names.tolist() == ["low", "medium"] and counts.max() - counts.min() <= 1
    said = chosen(contract("  bands: {low: 0, high: 100}\n"))
    assert said.band(np.array([-5.0, 0.0, 99.9, 100.0, 1e9])) == ["low", "low", "low", "high", "high"]
    assert said.recommendations == {"low": "wait", "high": "call today"}


def test_many_equal_values_leave_fewer_bands() -> None:
    margin = np.concatenate([np.zeros(800), np.linspace(1, 100, 200)])
    decision = choose_decision(contract(), margin, margin, training_label=margin, customers=2_000)
    assert list(decision.bands) == ["low", "high"]
    assert decision.recommendations == {"low": "wait", "high": "call today"}
    assert set(decision.half_width.half_widths) == {0.0}  # never wrong
    assert decision.decide(margin).sum() == 50


def test_it_survives_its_text() -> None:
    decision = chosen()
    assert len(decision.half_width.values) == 10
    assert ValueDecision.from_json(decision.to_json()) == decision


def test_the_one_width_of_an_older_bundle_is_read_as_ever() -> None:
    document = json.loads(chosen().to_json())
    document["interval"] = {"level": 0.8, "half_width": 12.5}
    decision = ValueDecision.from_json(json.dumps(document))
    assert decision.level == 0.8
    low, high = decision.interval(np.array([4.0, 100.0, 3_000.0]))
    assert (low.tolist(), high.tolist()) == ([0.0, 87.5, 2_987.5], [16.5, 112.5, 3_012.5])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", "much"), ("threshold", float("nan")), ("bands", {}), ("bands", {"a": 1, "b": 1}),
        ("bounds", [1]), ("bounds", [5, 1]), ("interval", {"level": 1.5, "half_width": 1}),
        ("interval", {"level": 0.9, "half_width": -1}), ("interval", None), ("interval", {"level": 0.9}),
        ("interval", {"level": 0.9, "values": [1, 1], "half_widths": [1, 1]}),
        ("interval", {"level": 0.9, "values": [1, 2], "half_widths": [1]}), ("recommendations", {"vip": "call"}),
        ("limit", {"contacts": 0, "population": 1, "share": 1}), ("label", {"mean": 1, "spread": -2}),
        ("expected", None),
    ],
)  # fmt: skip
def test_another_text_is_refused(key: str, value: Any) -> None:
    document = json.loads(chosen().to_json())
    with pytest.raises(BundleError, match=r"decision\.json: not a decision about values"):
        ValueDecision.from_json(json.dumps(document | {key: value}))
    with pytest.raises(BundleError):
        ValueDecision.from_json(json.dumps({name: part for name, part in document.items() if name != key}))
