"""Threshold policies and segments: chosen on the validation part, kept in JSON, applied by raw columns."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.contract import Contract, parse
from tenure.contract.values import Text, Value
from tenure.decision import Segment
from tenure.decision.calibration import sigmoid
from tenure.errors import BundleError, ContractError, DataError
from tenure.tasks.churn.choose import choose_decision
from tenure.tasks.churn.decision import ChurnDecision

ROWS = 4_000
CONTRACT = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  spend: {type: number, nullable: true, max_missing_share: 0.5}
  plan: {type: category}
  tier: {type: category, values: [gold, plain]}
  loyal: {type: boolean, values: [n, y]}
  left: {type: string, role: label, values: ["no", "yes"]}
derived:
  big: {expression: spend > 100, reason: Big ones}
business: {contacts_per_day: 1000, population: 4000, offer_cost: 10, offer_success_share: 0.3, customer_value: 600}
"""
SPEND = np.where(np.arange(ROWS) % 10 == 9, np.nan, np.arange(ROWS) % 200).astype(float)
COLUMNS: dict[str, Value] = {
    "spend": SPEND,
    "plan": Text((np.arange(ROWS) % 4 - 1).astype(np.int32), ("basic", "plus", "max")),
    "loyal": (np.arange(ROWS) % 2).astype(float),
    "big": np.where(np.isnan(SPEND), np.nan, SPEND > 100),
}


def contract(decision: str, contacts: int = 1_000) -> Contract:
    return parse(
        CONTRACT.replace("contacts_per_day: 1000", f"contacts_per_day: {contacts}") + f"decision: {decision}\n"
    )


def rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(11)
    margin = random.normal(-1.2, 1.4, ROWS)
    return margin, (random.random(ROWS) < sigmoid(margin)).astype(np.int8)


def choose(decision: str, contacts: int = 1_000) -> tuple[ChurnDecision, np.ndarray, np.ndarray]:
    """The decision, who is contacted, and who churns."""
    margin, label = rows()
    made = choose_decision(
        contract(decision, contacts),
        margin,
        sigmoid(margin),
        label,
        link="logit",
        base_rate=0.27,
        customers=ROWS,
        columns=COLUMNS,
    )
    probability = made.calibrate(margin, sigmoid(margin))
    return made, made.decide(probability, columns=COLUMNS), label


def precision(contacted: np.ndarray, label: np.ndarray) -> float:
    return float(label[contacted].mean())


def recall(contacted: np.ndarray, label: np.ndarray) -> float:
    return float(label[contacted].sum() / label.sum())


def test_precision_is_reached_with_as_many_contacts_as_it_allows() -> None:
    made, contacted, label = choose("{policy: precision, target: 0.6}", contacts=ROWS)
    assert precision(contacted, label) >= 0.6
    assert made.expected["target_met"] is True
    assert made.expected["precision"] == pytest.approx(precision(contacted, label))
    margin, _ = rows()
    for more in (1, 5, 25, 100):
        further = np.argsort(-margin)[: contacted.sum() + more]
        assert label[further].mean() < 0.6


def test_recall_is_reached_with_as_few_contacts_as_it_takes() -> None:
    made, contacted, label = choose("{policy: recall, target: 0.7}", contacts=ROWS)
    assert recall(contacted, label) >= 0.7
    assert made.expected["target_met"] is True
    margin, _ = rows()
    fewer = np.argsort(-margin)[: contacted.sum() - 1]
    assert label[fewer].sum() / label.sum() < 0.7


def test_the_contact_limit_holds_whatever_the_policy_and_its_price_is_told() -> None:
    made, contacted, label = choose("{policy: recall, target: 0.9}", contacts=400)
    assert contacted.sum() == 400
    assert recall(contacted, label) < 0.9
    assert made.expected["target_met"] is False
    free, without, _ = choose("{policy: recall, target: 0.9}", contacts=ROWS)
    assert made.expected["unlimited_contacts_per_period"] == pytest.approx(without.sum())
    assert made.expected["limit_cost_per_period"] == pytest.approx(
        free.expected["profit_per_period"] - made.expected["profit_per_period"]
    )
    _, contacted, _ = choose("{policy: precision, target: 0.3}", contacts=400)
    assert contacted.sum() == 400


def test_a_precision_out_of_reach_contacts_nobody() -> None:
    random = np.random.default_rng(3)
    label = (random.random(ROWS) < 0.3).astype(np.int8)
    margin = np.repeat(random.normal(size=40), 100)
    terms = contract("{policy: precision, target: 0.99}")
    made = choose_decision(terms, margin, sigmoid(margin), label, link="logit", base_rate=0.3, customers=ROWS)
    assert made.expected["target_met"] is False
    assert not made.decide(np.ones(1))[0]


@pytest.mark.parametrize(
    ("where", "inside"),
    [
        ("column: spend, at_least: 150", np.nan_to_num(SPEND) >= 150),
        ("column: plan, values: [plus, max]", np.isin(np.arange(ROWS) % 4, (2, 3))),
        ("column: loyal, values: [y]", np.arange(ROWS) % 2 == 1),
        ("column: big, values: ['true']", np.nan_to_num(SPEND) > 100),
    ],
)
def test_a_segment_has_its_threshold_and_the_others_theirs(where: str, inside: np.ndarray) -> None:
    made, contacted, _ = choose(f"{{segments: {{dear: {{{where}, threshold: 0.15}}}}}}")
    margin, _ = rows()
    probability = made.calibrate(margin, sigmoid(margin))
    assert made.threshold > 0.15
    assert (contacted[inside] == (probability[inside] >= 0.15)).all()
    assert (contacted[~inside] == (probability[~inside] >= made.threshold)).all()
    assert made.expected["contacted_share"] == pytest.approx(contacted.mean())
    assert made.expected["segments"]["dear"]["rows"] == inside.sum()


def test_segments_are_served_before_the_others_under_the_limit() -> None:
    made, contacted, label = choose(
        "{segments: {dear: {column: spend, at_least: 150, policy: recall, target: 0.8}}}", contacts=800
    )
    inside = np.nan_to_num(SPEND) >= 150
    assert recall(contacted[inside], label[inside]) >= 0.8
    assert contacted.sum() == 800
    assert made.segments[0].threshold < made.threshold
    _, contacted, _ = choose(
        "{segments: {dear: {column: spend, at_least: 150, policy: recall, target: 1}}}", contacts=20
    )
    assert contacted[inside].sum() == 20
    assert contacted[~inside].sum() == 0


VALUED = "{segments: {dear: {column: spend, at_least: 150, customer_value: %s}}}"


def earned(contacted: np.ndarray, label: np.ndarray, dear: float) -> float:
    inside = np.nan_to_num(SPEND) >= 150
    return float((label * np.where(inside, dear, 600.0))[contacted].sum() * 0.3 - 10 * contacted.sum())


@pytest.mark.parametrize("contacts", [ROWS, 400])
def test_customers_worth_more_are_contacted_from_a_lower_probability(contacts: int) -> None:
    made, contacted, label = choose(VALUED % 3_000, contacts)
    (dear,) = made.segments
    assert dear.customer_value == 3_000
    assert dear.threshold == pytest.approx(made.threshold * 600 / 3_000)
    assert contacted.sum() <= contacts
    assert made.expected["profit_per_period"] == pytest.approx(earned(contacted, label, 3_000))
    # Under the limit an offer goes where it earns most: no threshold for all earns as much, nor does any order.
    _, alike, _ = choose("{}", contacts)
    assert earned(contacted, label, 3_000) > earned(alike, label, 3_000)
    _, first, _ = choose("{segments: {dear: {column: spend, at_least: 150}}}", contacts)
    assert earned(contacted, label, 3_000) >= earned(first, label, 3_000)


def test_a_segment_worth_as_much_as_all_has_their_threshold() -> None:
    made, contacted, _ = choose(VALUED % 600)
    plain, alike, _ = choose("{}")
    assert made.segments[0].threshold == made.threshold == plain.threshold
    assert (contacted == alike).all()


def test_where_no_offer_pays_nobody_is_contacted_whatever_a_customer_is_worth() -> None:
    made, contacted, _ = choose(VALUED.replace("}}}", "}}}") % 30)
    assert made.segments[0].threshold > 1 and made.threshold < 1
    assert not contacted[np.nan_to_num(SPEND) >= 150].any()


def test_a_value_counts_under_other_policies_too() -> None:
    segment = "{column: spend, at_least: 150, policy: recall, target: 0.5, customer_value: 3000}"
    made, contacted, label = choose(f"{{segments: {{dear: {segment}}}}}")
    assert recall(contacted[np.nan_to_num(SPEND) >= 150], label[np.nan_to_num(SPEND) >= 150]) >= 0.5
    assert made.expected["profit_per_period"] == pytest.approx(earned(contacted, label, 3_000))
    precise, contacted, _ = choose(
        "{policy: precision, target: 0.5, segments: {dear: {column: spend, at_least: 150, customer_value: 3000}}}"
    )
    assert precise.segments[0].threshold < 0.1
    assert precise.expected["profit_per_period"] == pytest.approx(earned(contacted, label, 3_000))


def test_a_customer_of_two_segments_belongs_to_the_first() -> None:
    segments = "{one: {column: loyal, values: [n], threshold: 0}, two: {column: spend, at_least: 0, threshold: 1}}"
    made, contacted, _ = choose(f"{{segments: {segments}}}")
    assert contacted[np.arange(ROWS) % 2 == 0].all()
    assert [segment.name for segment in made.segments] == ["one", "two"]


def test_json_keeps_segments() -> None:
    segments = "{a: {column: plan, values: [max], threshold: 0.1}, b: {column: loyal, values: [y], threshold: 0.2}}"
    made, contacted, _ = choose(f"{{policy: precision, target: 0.5, segments: {segments}}}")
    again = ChurnDecision.from_json(made.to_json())
    assert again == made
    valued, _, _ = choose(VALUED % 3_000)
    assert ChurnDecision.from_json(valued.to_json()) == valued
    before_values = made.to_json().replace(',\n   "customer_value": null', "")
    assert "customer_value" not in before_values and ChurnDecision.from_json(before_values) == made
    with pytest.raises(BundleError, match="customer value"):
        ChurnDecision.from_json(valued.to_json().replace('"customer_value": 3000.0', '"customer_value": 0'))
    margin, _ = rows()
    probability = again.calibrate(margin, sigmoid(margin))
    assert (again.decide(probability, columns=COLUMNS) == contacted).all()
    with pytest.raises(BundleError, match=r"decision\.json"):
        ChurnDecision.from_json(made.to_json().replace('"at_least": null', '"at_least": 1.0', 1))
    with pytest.raises(BundleError, match="threshold"):
        ChurnDecision.from_json(made.to_json().replace('"threshold": 0.1,', '"threshold": -1,', 1))


def test_a_threshold_of_the_caller_replaces_those_of_segments() -> None:
    made, _, _ = choose("{segments: {dear: {column: spend, at_least: 150, threshold: 0}}}")
    assert made.decide(np.full(ROWS, 0.4), 0.5).sum() == 0
    with pytest.raises(ValueError, match="columns"):
        made.decide(np.full(ROWS, 0.4))


def test_a_word_never_met_and_a_missing_one_are_in_no_segment() -> None:
    segment = Segment("a", "plan", ("max",), None, 0.1)
    plan = Text(np.array([0, 1, -1, 2], dtype=np.int32), ("max", "new", "max"))
    assert segment.among({"plan": plan}).tolist() == [True, False, False, True]


def test_a_segment_without_a_customer_is_an_error() -> None:
    with pytest.raises(DataError, match="segment 'dear' has no customer among the rows held out in training"):
        choose("{segments: {dear: {column: spend, at_least: 5000}}}")
    with pytest.raises(DataError, match="every customer"):
        choose("{segments: {all: {column: loyal, values: [n, y]}}}")


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("{policy: precision}", "needs a 'target'"),
        ("{target: 0.5}", "'target' is for"),
        ("{policy: recall, target: 0}", "target"),
        ("{policy: recall, target: 1.1}", "target"),
        ("{segments: {a: {column: spend}}}", "either 'values' or 'at_least'"),
        ("{segments: {a: {column: spend, at_least: 1, values: [x]}}}", "either 'values' or 'at_least'"),
        ("{segments: {a: {column: nothing, at_least: 1}}}", "not there: nothing"),
        ("{segments: {a: {column: left, values: [yes]}}}", "not there: left"),
        ("{segments: {a: {column: plan, at_least: 1}}}", "needs a number"),
        ("{segments: {a: {column: spend, values: ['1']}}}", "needs a text or a boolean"),
        ("{segments: {a: {column: loyal, values: [maybe]}}}", "cannot hold 'maybe'"),
        ("{segments: {a: {column: tier, values: [silver]}}}", "cannot hold 'silver'"),
        ("{segments: {a: {column: big, values: [y]}}}", "cannot hold 'y'"),
        ("{segments: {a: {column: spend, at_least: 1, threshold: 1.5}}}", "threshold"),
        ("{segments: {a: {column: spend, at_least: 1, customer_value: 0}}}", "customer_value"),
        ("{segments: {a: {column: spend, at_least: 1, threshold: 0.5, policy: profit}}}", "either a 'threshold' or"),
    ],
)
def test_what_cannot_hold_is_refused_with_its_reason(decision: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        contract(decision)
    assert "\n" not in str(caught.value)
