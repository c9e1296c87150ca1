import json

import numpy as np
import pytest

from tenure.contract import parse
from tenure.decision.calibration import sigmoid
from tenure.errors import BundleError
from tenure.tasks.churn.choose import choose_decision
from tenure.tasks.churn.decision import ChurnDecision

CONTRACT = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  visits: {type: number}
  left: {type: string, role: label, values: ["no", "yes"]}
business: {contacts_per_day: 100, offer_cost: 10, offer_success_share: 0.3, customer_value: 600}
decision:
  bands: {low: 0, medium: 0.3, high: 0.6}
  recommendations: {high: call today}
"""


def validation_part(n=1000):
    rng = np.random.default_rng(5)
    margin = rng.normal(-1.2, 1.4, n)
    return margin, sigmoid(margin), (rng.random(n) < sigmoid(margin)).astype(np.int8)


@pytest.fixture
def decision():
    margin, probability, label = validation_part()
    return choose_decision(parse(CONTRACT), margin, probability, label, link="logit", base_rate=0.26, customers=2000)


def test_the_limit_holds_and_its_price_is_told(decision):
    margin, probability, label = validation_part()
    contacted = decision.decide(decision.calibrate(margin, probability))
    assert contacted.mean() <= 100 / 2000
    assert contacted.sum() == 50  # every contact of the riskiest twentieth pays, so all 50 are used
    expected = decision.expected
    profit = (label[contacted] * 180.0 - 10.0).sum() * 2000 / 1000
    assert expected["profit_per_period"] == pytest.approx(profit)
    assert expected["contacts_per_period"] == pytest.approx(100.0)
    assert expected["precision"] == pytest.approx(label[contacted].mean())
    assert expected["recall"] == pytest.approx(label[contacted].sum() / label.sum())
    assert expected["limit_cost_per_period"] == pytest.approx(
        expected["unlimited_profit_per_period"] - expected["profit_per_period"]
    )
    assert expected["limit_cost_per_period"] > 0
    assert expected["break_even_probability"] == pytest.approx(10 / 180)


def test_the_curve_for_the_report_is_small_and_ends_with_everybody(decision):
    shares = [point["contacted_share"] for point in decision.profit_curve]
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(set(shares))
    assert 90 <= len(shares) <= 101


def test_json_round_trip_decides_the_same(decision):
    text = decision.to_json()
    again = ChurnDecision.from_json(text)
    assert again == decision and again.to_json() == text and text.endswith("}\n")
    margin, probability, _ = validation_part()
    p, q = decision.calibrate(margin, probability), again.calibrate(margin, probability)
    np.testing.assert_array_equal(p, q)
    np.testing.assert_array_equal(decision.decide(p), again.decide(q))


def test_bands_start_where_the_contract_says(decision):
    p = np.array([0.0, 0.2999, 0.3, 0.5999, 0.6, 1.0])
    assert decision.band(p) == ["low", "low", "medium", "medium", "high", "high"]
    assert decision.recommendations == {"high": "call today"}


def test_a_threshold_of_the_caller_replaces_the_own(decision):
    assert decision.decide(np.array([0.1, 0.2]), threshold=0.2).tolist() == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("threshold"),
        lambda d: d.update(threshold=-1),
        lambda d: d.update(threshold="high"),
        lambda d: d.update(bands={"low": 0.1}),
        lambda d: d.update(bands={"low": 0.0, "high": 0.0}),
        lambda d: d.update(bands=[]),
        lambda d: d.update(recommendations={"none": "x"}),
        lambda d: d.update(base_rate=7),
        lambda d: d["limit"].update(population=0),
        lambda d: d["calibration"].update(method="exec"),
        lambda d: d["calibration"].update(parameters={"unknown": 1}),
    ],
)
def test_a_changed_decision_is_refused_in_one_line(decision, change):
    document = json.loads(decision.to_json())
    change(document)
    with pytest.raises(BundleError, match=r"^decision\.json: not a decision: .*$"):
        ChurnDecision.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000])
def test_what_is_not_a_decision_is_refused(text):
    with pytest.raises(BundleError, match=r"decision\.json"):
        ChurnDecision.from_json(text)
