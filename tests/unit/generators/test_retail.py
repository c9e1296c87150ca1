"""The retail shop: rates of its days, and that the truth follows from what the tables show."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.generators.block import Block
from tenure.generators.business import Truth
from tenure.generators.businesses.retail import rates
from tenure.generators.businesses.retail.history import History, live
from tenure.generators.businesses.retail.truth import truths
from tenure.stats.ranks import rank_auc

BLOCKS = 3


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Do not change them."""
    return [live(Block("retail", 5, number)) for number in range(BLOCKS)]


@pytest.fixture(scope="module")
def found(histories: list[History]) -> list[Truth]:
    """The truths of all blocks and cuts."""
    return [truth for history in histories for truth in truths(history)]


def joined(found: list[Truth], name: str) -> np.ndarray:
    return np.concatenate([truth.columns[name] for truth in found])


def test_between_a_fifth_and_two_fifths_order_nothing(found: list[Truth]) -> None:
    label = np.concatenate([truth.label for truth in found])
    assert label.size > 5_000
    assert 0.2 < label.mean() < 0.4


def test_a_lapse_is_inferred_from_silence(found: list[Truth]) -> None:
    probability, lapsed = joined(found, "lapsed_probability"), joined(found, "lapsed")
    for part in np.array_split(np.argsort(probability), 5):
        error = np.sqrt(probability[part].mean() * (1 - probability[part].mean()) / part.size)
        assert abs(lapsed[part].mean() - probability[part].mean()) < 5 * error + 1e-3


def test_who_knows_the_hidden_state_orders_customers_better(found: list[Truth]) -> None:
    label = np.concatenate([truth.label for truth in found])
    known = np.concatenate([truth.probability for truth in found])
    assert rank_auc(label, joined(found, "hidden_probability")) > rank_auc(label, known) > 0.8


def test_sales_are_expected_without_bias(found: list[Truth]) -> None:
    expected = np.concatenate([truth.expected for truth in found if truth.expected is not None])
    value = np.concatenate([truth.value for truth in found if truth.value is not None])
    assert value.mean() == pytest.approx(expected.mean(), rel=0.03)
    assert 1 - ((value - expected) ** 2).mean() / value.var() > 0.4


def test_an_offer_halves_the_hazard(histories: list[History]) -> None:
    lapses = hazard = 0.0
    for history in histories:
        before = np.column_stack([np.zeros(len(history.active), dtype=bool), history.active[:, :-1]])
        offered = before & (history.offers == 1)
        lapses += float((offered & ~history.active).sum())
        hazard += float(history.lapse[offered].sum())
    assert lapses / hazard == pytest.approx(rates.OFFERS.hazard_ratio, abs=0.12)


def test_the_price_rise_doubles_the_hazard_below_gold(histories: list[History]) -> None:
    day = rates.PRICE_RISE
    for history in histories:
        ratio = history.lapse[:, day] / history.lapse[:, day - 1]
        same = history.tiers[:, day] == history.tiers[:, day - 1]
        settled = history.people.registered < day - rates.NEW_DAYS - 1
        unhurt = history.last_late[:, day] < day - rates.LATE_DAYS
        chosen = same & settled & unhurt & (history.last_late[:, day - 1] < day - 1 - rates.LATE_DAYS)
        assert ratio[chosen & (history.tiers[:, day] < rates.GOLD)] == pytest.approx(1 + rates.RISE_EXCESS)
        assert ratio[chosen & (history.tiers[:, day] == rates.GOLD)] == pytest.approx(1.0)


def test_more_is_ordered_before_christmas_than_in_summer(histories: list[History]) -> None:
    by_month = np.zeros(13)
    active = np.zeros(13)
    for history in histories:
        np.add.at(by_month, rates.MONTHS, history.orders.sum(axis=0))
        np.add.at(active, rates.MONTHS, history.active.sum(axis=0))
    assert by_month[12] / active[12] > 1.5 * by_month[7] / active[7]
