"""The telephone company: rates of its days, and that the truth follows from what the tables show."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.generators.block import Block
from tenure.generators.business import Simulated, Truth
from tenure.generators.businesses.telco_usage import rates, simulate
from tenure.stats.ranks import rank_auc

BLOCKS = 3


@pytest.fixture(scope="module")
def blocks() -> list[Simulated]:
    """Do not change them."""
    return [simulate(Block("telco-usage", 5, number)) for number in range(BLOCKS)]


@pytest.fixture(scope="module")
def found(blocks: list[Simulated]) -> list[Truth]:
    """The truths of all blocks and cuts."""
    return [truth for block in blocks for truth in block.truths]


def joined(found: list[Truth], name: str) -> np.ndarray:
    return np.concatenate([truth.columns[name] for truth in found])


def test_three_to_seven_in_a_hundred_cancel(found: list[Truth]) -> None:
    label = np.concatenate([truth.label for truth in found])
    assert label.size > 5_000
    assert 0.03 < label.mean() < 0.07


def test_the_mood_is_inferred_from_calls(found: list[Truth]) -> None:
    probability, annoyed = joined(found, "annoyed_probability"), joined(found, "annoyed")
    for part in np.array_split(np.argsort(probability), 5):
        error = np.sqrt(probability[part].mean() * (1 - probability[part].mean()) / part.size)
        # Customers who cancel within the gap are left out, and they are annoyed more often.
        assert abs(annoyed[part].mean() - probability[part].mean()) < 5 * error + 0.01


def test_who_knows_the_mood_orders_customers_better(found: list[Truth]) -> None:
    label = np.concatenate([truth.label for truth in found])
    known = np.concatenate([truth.probability for truth in found])
    assert rank_auc(label, joined(found, "hidden_probability")) > rank_auc(label, known) > 0.75


def test_the_price_rise_hits_monthly_contracts_alone() -> None:
    day = rates.PRICE_RISE
    one, contracts = np.ones(3), np.arange(3)
    annoyed = [rates.moods(each, one, contracts, 0)[:, 0, 1] for each in (day - 1, day)]
    season = rates.TROUBLE_BY_MONTH[rates.MONTHS[day] - 1] / rates.TROUBLE_BY_MONTH[rates.MONTHS[day - 1] - 1]
    assert annoyed[1] / annoyed[0] / season == pytest.approx([1 + rates.RISE_TROUBLE_EXCESS, 1.0, 1.0])
    since = np.full(3, day - 200)
    cancels = [rates.cancellation(each, one, contracts, since) for each in (day - 1, day)]
    ratio = (cancels[1] / cancels[0]).T
    assert ratio == pytest.approx(np.array([[rates.RISE_CANCEL_RATIO, 1.0, 1.0]] * 2))


def test_nobody_calls_after_the_cancellation(blocks: list[Simulated]) -> None:
    for block in blocks:
        cancelled = block.tables["cancellations"]
        left = dict(zip(cancelled.owner.tolist(), cancelled.columns["cancelled_at"].tolist(), strict=True))
        calls = block.tables["calls"]
        for owner, time in zip(calls.owner.tolist(), calls.columns["started_at"].tolist(), strict=True):
            assert time < left.get(owner, time + 1)


def test_bills_sum_up_the_calls_of_their_month(blocks: list[Simulated]) -> None:
    usage, calls = blocks[0].tables["usage"], blocks[0].tables["calls"]
    ids = usage.columns["bill_id"].to_pylist()
    first = np.array([bill not in ids[:place] for place, bill in enumerate(ids[:200])])
    others = pc.not_equal(calls.columns["kind"], pa.scalar("hotline")).to_numpy(zero_copy_only=False)
    days = rates.DAYS
    for place in np.flatnonzero(first):
        closed = int(np.searchsorted(days.starts, usage.columns["closed_at"][place]))
        began = days.number_of(days.date_of(closed - 1).replace(day=1))
        time = calls.columns["started_at"]
        inside = (calls.owner == usage.owner[place]) & (time >= days.starts[began]) & (time < days.starts[closed])
        assert (inside & others).sum() == usage.columns["billed_calls"][place]
        assert (inside & calls.columns["dropped"]).sum() == usage.columns["dropped_calls"][place]


def test_the_price_of_monthly_contracts_rises(blocks: list[Simulated]) -> None:
    plans = blocks[0].tables["plans"]
    time, charge = plans.columns["valid_from"], plans.columns["MonthlyCharges"]
    contract = np.array(plans.columns["Contract"].to_pylist())
    at_rise = np.flatnonzero((time == rates.DAYS.starts[rates.PRICE_RISE]) & (contract == "Month-to-month"))
    assert at_rise.size > 50
    before = at_rise - 1
    assert (plans.owner[before] == plans.owner[at_rise]).all()
    ratio = charge[at_rise] / charge[before]
    assert np.median(ratio) == pytest.approx(rates.PRICE_FACTOR, abs=1e-3)
    assert (np.abs(ratio - rates.PRICE_FACTOR) < 1e-3).mean() > 0.95  # some are recorded wrong at first
