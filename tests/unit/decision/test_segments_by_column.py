"""``decision.by``: a segment for each value with enough customers; a threshold or calibration of its own if clearly
better."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract import Contract, contract_hash, parse
from tenure.contract.settings import Business, Decision
from tenure.contract.values import Text, Value
from tenure.decision import Segment
from tenure.decision.by_column import MAX_SEGMENTS, MIN_CUSTOMERS, Gain, value_segments
from tenure.decision.calibration import Calibration, log_odds, sigmoid
from tenure.decision.profit import profit_curve
from tenure.decision.segment_shifts import choose_shifts, shrunk_shifts
from tenure.decision.segment_thresholds import MIN_CHANGED, is_clear, plan_together, threshold_gains
from tenure.decision.segments import MAX_SHIFT, members, shifted
from tenure.errors import BundleError, ContractError
from tenure.tasks.churn.choose import choose_decision
from tenure.tasks.churn.decision import ChurnDecision

ROWS = 6_000
CONTRACT = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  spend: {type: number}
  plan: {type: category}
  loyal: {type: boolean, values: [n, y]}
  left: {type: string, role: label, values: ["no", "yes"]}
derived:
  band: {expression: "bucket(spend, 0, 50, 100)", reason: Bands}
business: {contacts_per_day: 6000, population: 6000, offer_cost: 10, offer_success_share: 0.3, customer_value: 600}
"""
# basic, plus and max have 1,500 customers each, none is known of 1,450, and rare has 50.
CODES = np.where(np.arange(ROWS) % 120 == 0, 3, np.arange(ROWS) % 4 - 1).astype(np.int32)
COLUMNS: dict[str, Value] = {
    "spend": np.arange(ROWS) % 150.0,
    "plan": Text(CODES, ("basic", "plus", "max", "rare")),
    "loyal": (np.arange(ROWS) % 2).astype(float),
}
PLUS = CODES == 1


def contract(decision: str = "{by: plan}", contacts: int = ROWS) -> Contract:
    return parse(
        CONTRACT.replace("contacts_per_day: 6000", f"contacts_per_day: {contacts}") + f"decision: {decision}\n"
    )


def rows(off: float = 0.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and labels whose log-odds differ from them by ``off`` in the plan plus."""
    random = np.random.default_rng(seed)
    margin = random.normal(-1.8, 1.3, ROWS)
    return margin, (random.random(ROWS) < sigmoid(margin + off * PLUS)).astype(np.int8)


@cache
def choose(off: float = 0.0, decision: str = "{by: plan}", contacts: int = ROWS) -> ChurnDecision:
    margin, label = rows(off)
    return choose_decision(
        contract(decision, contacts),
        margin,
        sigmoid(margin),
        label,
        link="logit",
        base_rate=0.2,
        customers=ROWS,
        columns=COLUMNS,
    )


def test_values_with_enough_customers_are_segments() -> None:
    _, label = rows()
    found = value_segments(contract(), "plan", COLUMNS, label)
    assert {each.segment.name for each in found} == {"basic", "plus", "max"}
    assert all(each.customers == each.rows.sum() >= MIN_CUSTOMERS for each in found)
    # All rows of a value are of a few customers.
    few = np.arange(ROWS) % 200
    assert value_segments(contract(), "plan", COLUMNS, label, few) == []
    booleans = value_segments(contract("{by: loyal}"), "loyal", COLUMNS, label)
    assert {(each.segment.name, each.segment.values) for each in booleans} == {("n", (0.0,)), ("y", (1.0,))}
    assert value_segments(contract(), "plan", COLUMNS, np.zeros(ROWS)) == []


def test_of_many_values_the_largest_are_segments() -> None:
    codes = np.arange(40 * 300).astype(np.int32) % 40
    columns: dict[str, Value] = {"plan": Text(codes, tuple(f"plan {code}" for code in range(40)))}
    found = value_segments(contract(), "plan", columns, np.arange(len(codes)) // 40 % 2)
    assert len(found) == MAX_SEGMENTS


def test_segments_alike_have_the_common_threshold_and_calibration() -> None:
    made = choose()
    assert made.segments == ()
    assert made.predicts_batches
    record = made.expected["by"]
    assert {each["name"] for each in record["segments"]} == {"basic", "plus", "max"}
    assert not any(each["own_threshold"] or each["own_calibration"] for each in record["segments"])
    common = choose(decision="{}")
    assert made.threshold == common.threshold
    assert made.expected == common.expected | {"by": record}


@pytest.mark.parametrize("off", [1.0, -1.2])
def test_a_segment_that_is_off_has_a_calibration_of_its_own(off: float) -> None:
    made = choose(off)
    shift = {segment.name: segment.shift for segment in made.segments}
    assert shift["plus"] * off > 0.0
    margin, label = rows(off)
    probability = made.calibrate(margin, sigmoid(margin), columns=COLUMNS)
    common = made.calibration.apply(margin, sigmoid(margin))
    gap = abs(probability[PLUS].mean() - label[PLUS].mean())
    assert gap < 0.4 * abs(common[PLUS].mean() - label[PLUS].mean())
    assert (np.diff(probability[PLUS][np.argsort(margin[PLUS])]) >= 0.0).all()
    outside = np.isin(CODES, [-1, 3])
    assert (probability[outside] == common[outside]).all()
    with pytest.raises(ValueError, match="columns"):
        made.calibrate(margin, sigmoid(margin))


def test_a_segment_has_its_own_threshold_where_it_earns_clearly_more() -> None:
    # The probabilities are wrong in one segment: the common threshold is not the one that pays there.
    margin, label = rows(off=-2.0)
    probability = sigmoid(margin)
    inside = [code == CODES for code in range(3)]
    for share in (1.0, 0.2):
        gains = threshold_gains(Business(), probability, label, inside, share, seed=5)
        clear = [is_clear(gain, 3) for gain in gains]
        assert clear[1]
        assert gains[1].mean == max(gain.mean for gain in gains)
        if share == 1.0:
            assert clear == [False, True, False]
        plan = plan_together(Decision(), Business(), [PLUS], probability=probability, label=label, share=share)
        assert sum(cut.contacted for cut in plan.cuts) <= share * ROWS
        everybody = profit_curve(probability, label, Business())
        assert sum(cut.profit for cut in plan.cuts) > everybody.profit[everybody.contacted <= share * ROWS].max()


def test_a_gain_must_exceed_more_errors_with_more_segments() -> None:
    gain = Gain(1.2, 1.0, MIN_CHANGED)
    assert is_clear(gain, 1)
    assert not is_clear(gain, 3)
    assert not is_clear(replace(gain, changed=MIN_CHANGED - 1), 1)
    assert not is_clear(Gain(0.0, 0.0, ROWS), 1)


def test_a_plan_of_segments_without_a_rest_keeps_a_common_threshold() -> None:
    margin, label = rows()
    half = np.arange(ROWS) % 2 == 0
    plan = plan_together(Decision(), Business(), [half, ~half], probability=sigmoid(margin), label=label, share=0.3)
    assert sum(cut.contacted for cut in plan.cuts) <= 0.3 * ROWS
    assert 0.0 < plan.rest.threshold < 1.0
    assert plan.rest.rows == 0


def test_other_policies_have_one_threshold() -> None:
    made = choose(-2.0, "{by: plan, policy: precision, target: 0.5}")
    assert {segment.threshold for segment in made.segments} <= {made.threshold}
    assert all(each["threshold_gain"] is None for each in made.expected["by"]["segments"])


def test_shifts_without_evidence_are_shrunk_to_nothing() -> None:
    random = np.random.default_rng(1)
    z = random.normal(-1.0, 1.0, 8_000)
    segments = [np.arange(8_000) % 20 == code for code in range(20)]
    label = (random.random(8_000) < sigmoid(z)).astype(float)
    assert np.abs(shrunk_shifts(z, label, segments)).max() < 0.15
    moved = (random.random(8_000) < sigmoid(z + 1.0 * segments[0])).astype(float)
    assert 0.3 < shrunk_shifts(z, moved, segments)[0] < 1.2
    # Every row ten times says no more about customers.
    repeated = [np.repeat(part, 10) for part in segments]
    customer = np.repeat(np.arange(8_000), 10)
    alike = shrunk_shifts(np.repeat(z, 10), np.repeat(moved, 10), repeated, customer)
    assert alike == pytest.approx(shrunk_shifts(z, moved, segments), abs=0.05)
    assert shrunk_shifts(z, label, []) == []


def test_a_shift_of_one_class_is_finite() -> None:
    z = np.zeros(400)
    segments = [np.arange(400) < 200, np.arange(400) >= 200]
    found = shrunk_shifts(z, (np.arange(400) < 200).astype(float), segments)
    assert np.abs(found).max() <= MAX_SHIFT
    assert found[0] > 0.0 > found[1]


def test_shifts_are_chosen_with_the_calibration_fitted_anew() -> None:
    margin, label = rows(1.0)
    found = choose_shifts(
        margin, sigmoid(margin), label, [PLUS], method="isotonic", scale="margin", seed=1, customer=np.arange(ROWS) // 2
    )
    assert found[0].used == found[0].value > 0.3


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30),
    st.floats(-MAX_SHIFT, MAX_SHIFT),
    st.floats(-MAX_SHIFT, MAX_SHIFT),
)
def test_a_shift_keeps_the_order_within_its_segment(values: list[float], first: float, second: float) -> None:
    probability = np.sort(np.array(values))
    codes = (np.arange(len(values)) % 3).astype(np.int32)
    columns: dict[str, Value] = {"plan": Text(codes, ("a", "b", "c"))}
    segments = [Segment(name, "plan", (name,), None, 0.5, shift=shift) for name, shift in (("a", first), ("b", second))]
    inside = members(segments, columns)
    found = shifted(probability, segments, inside)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    for rows_ in (*inside, codes == 2):
        assert (np.diff(found[rows_]) >= 0.0).all()
    assert (found[codes == 2] == probability[codes == 2]).all()
    for segment, rows_ in zip(segments, inside, strict=True):
        moved = log_odds(found[rows_]) - log_odds(probability[rows_])
        within = (found[rows_] > 1e-5) & (found[rows_] < 1.0 - 1e-5) & (probability[rows_] > 1e-5)
        within &= probability[rows_] < 1.0 - 1e-5
        assert moved[within] == pytest.approx(segment.shift, abs=1e-6)


def test_json_keeps_shifts_and_reads_bundles_from_before() -> None:
    made = choose(1.0)
    assert ChurnDecision.from_json(made.to_json()) == made
    document = json.loads(made.to_json())
    for segment in document["segments"]:
        del segment["shift"]
    before = ChurnDecision.from_json(json.dumps(document))
    assert before.segments == tuple(replace(segment, shift=0.0) for segment in made.segments)


@pytest.mark.parametrize("shift", [5.1, -1e300, True, "0.5", None, [], {}, 10**400], ids=lambda value: str(value)[:8])
def test_a_hostile_shift_is_refused(shift: object) -> None:
    document = json.loads(choose(1.0).to_json())
    segment = document["segments"][0]
    segment["shift"] = shift
    with pytest.raises(BundleError, match=r"decision\.json"):
        ChurnDecision.from_json(json.dumps(document))
    for text in ("NaN", "Infinity"):
        with pytest.raises(BundleError, match=r"decision\.json"):
            ChurnDecision.from_json(
                json.dumps(document | {"segments": [segment | {"shift": 7.25}]}).replace("7.25", text)
            )


def test_a_companion_is_not_shifted() -> None:
    from tenure.bundle import Companion

    made = choose(1.0)
    companion = Companion.__new__(Companion)
    object.__setattr__(companion, "calibration", Calibration())
    alone = made.with_companion(companion)
    assert all(segment.shift == 0.0 for segment in alone.segments)
    assert [segment.threshold for segment in alone.segments] == [segment.threshold for segment in made.segments]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("{by: spend}", "'decision.by': needs a text or a boolean, 'spend' is a number: name ranges of it under"),
        ("{by: nothing}", "'decision.by': names a feature that is not there: nothing"),
        ("{by: left}", "'decision.by': names a feature that is not there: left"),
        ("{by: plan, segments: {loyal: {column: loyal, values: [y]}}}", "give either 'by'"),
    ],
)
def test_what_cannot_hold_is_refused_with_its_reason(decision: str, said: str) -> None:
    with pytest.raises(ContractError) as caught:
        contract(decision)
    assert said in str(caught.value)


def test_a_derived_text_is_a_column_to_divide_by() -> None:
    assert contract("{by: band}").decision.segment_columns == ("band",)


def test_the_hash_of_a_contract_without_the_key_stays() -> None:
    assert contract_hash(contract("{}")) != contract_hash(contract("{by: plan}"))
    assert contract_hash(contract("{}")) == contract_hash(contract("{by: null}"))
