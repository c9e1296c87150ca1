import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.settings import Business
from tenure.decision import NOBODY, best_point, break_even, contact_limit, profit_curve

BUSINESS = Business(customer_value=600.0, offer_cost=10.0, offer_success_share=0.3)  # +170 a churner, -10 else


def test_curve_by_hand():
    curve = profit_curve(np.array([0.1, 0.9, 0.5, 0.5]), np.array([0, 1, 1, 0]), BUSINESS)
    assert curve.contacted.tolist() == [0, 1, 3, 4]
    assert curve.churners.tolist() == [0, 1, 2, 2]
    assert curve.profit.tolist() == [0.0, 170.0, 330.0, 320.0]
    np.testing.assert_allclose(curve.threshold, [NOBODY, 0.7, 0.3, 0.0])


def test_ties_at_the_cut_are_left_out_rather_than_contacted_past_the_limit():
    probability = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    curve = profit_curve(probability, np.array([1, 1, 1, 1, 0]), BUSINESS)
    point = best_point(curve, 0.6)  # three customers allowed, the tie holds three more after the first
    assert curve.contacted[point] == 1
    assert (probability >= curve.threshold[point]).sum() == 1
    assert curve.contacted[best_point(curve, 0.8)] == 4


def test_a_limit_under_one_row_contacts_nobody():
    curve = profit_curve(np.array([0.9, 0.1]), np.array([1, 0]), BUSINESS)
    assert curve.threshold[best_point(curve, 0.49)] == NOBODY


def test_a_share_that_is_whole_customers_is_not_lost_to_rounding():
    curve = profit_curve(np.linspace(1, 0, 10), np.ones(10, dtype=int), BUSINESS)
    for count in range(11):
        assert curve.contacted[best_point(curve, count / 10)] == count
    assert curve.contacted[best_point(curve, 0.1 + 0.2)] == 3


def test_offers_that_never_pay_contact_nobody():
    business = Business(customer_value=10.0, offer_cost=10.0, offer_success_share=0.3)
    curve = profit_curve(np.array([0.9, 0.5]), np.array([1, 1]), business)
    assert best_point(curve, 1.0) == 0
    assert break_even(business) > 1.0


def test_break_even():
    assert break_even(BUSINESS) == pytest.approx(10 / 180)


@settings(max_examples=examples(60))
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=1, max_size=12),
    st.floats(0.0, 1.0),
)
def test_the_best_point_is_that_of_trying_every_threshold(rows, share):
    probability = np.array([row[0] / 8 for row in rows])
    label = np.array([row[1] for row in rows])
    curve = profit_curve(probability, label, BUSINESS)
    point = best_point(curve, share)
    profits = []
    for threshold in itertools.chain(np.unique(probability), [NOBODY]):
        chosen = probability >= threshold
        if chosen.sum() <= share * len(rows) + 1e-9:
            profits.append(label[chosen].sum() * 180.0 - chosen.sum() * 10.0)
    assert curve.profit[point] == pytest.approx(max(profits))
    # The threshold does what the point says.
    contacted = probability >= curve.threshold[point]
    assert contacted.sum() == curve.contacted[point]
    assert label[contacted].sum() == curve.churners[point]


def test_neighbouring_floats_still_separate():
    low = 0.5
    high = np.nextafter(low, 1.0)
    curve = profit_curve(np.array([high, low]), np.array([1, 0]), BUSINESS)
    assert (np.array([high, low]) >= curve.threshold[1]).tolist() == [True, False]


def test_limit():
    assert contact_limit(Business(contacts_per_day=1000), 7043).share == pytest.approx(1000 / 7043)
    assert contact_limit(Business(contacts_per_day=1000, population=50_000), 7043).share == 0.02
    assert contact_limit(Business(contacts_per_day=1000), 800).share == 1.0
