"""What truth.json says of streaming and saas is what the hazard is made of."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tenure.generators.block import Block
from tenure.generators.businesses import saas, streaming
from tenure.generators.businesses.saas.accounts import Accounts
from tenure.generators.businesses.saas.hazard import hazard_of as saas_hazard
from tenure.generators.businesses.streaming.hazard import hazard_of as streaming_hazard
from tenure.generators.businesses.streaming.people import People
from tenure.generators.chain import Chain

BUSINESSES = {"streaming": streaming.BUSINESS, "saas": saas.BUSINESS}


def chain_and_entries(name: str) -> tuple[Chain, np.ndarray]:
    block = Block(name, 1, 0)
    if name == "streaming":
        people = People(block)
        return streaming_hazard(people), people.entered
    accounts = Accounts(block)
    return saas_hazard(accounts), accounts.entered


@pytest.mark.parametrize("name", BUSINESSES)
def test_the_price_rise_raises_the_hazard_of_those_who_were_there(name: str) -> None:
    chain, entered = chain_and_entries(name)
    business = BUSINESSES[name]
    rise = business.effects["price_rise"]
    day = business.days.number_of(date.fromisoformat(rise["day"]))
    step = chain.log_rate[:, day] - chain.log_rate[:, day - 1]
    (factor,) = (value for key, value in rise.items() if key.startswith("times_for"))
    there = step[entered < day - 60]
    # Season and age change the hazard from one day to the next, too, but little.
    for expected in (rise["log_hazard"], factor * rise["log_hazard"]):
        assert (np.abs(there - expected) < 0.03).mean() > 0.1
    assert (np.abs(there[:, None] - [rise["log_hazard"], factor * rise["log_hazard"]]).min(axis=1) < 0.03).all()
    assert (np.abs(step[entered >= day]) < 0.03).all()
    before = [cut for cut in business.cuts if cut <= day]
    after = [cut for cut in business.cuts if cut > day]
    assert before
    assert after


@pytest.mark.parametrize("name", BUSINESSES)
def test_an_offer_multiplies_the_hazard_by_its_ratio(name: str) -> None:
    chain, entered = chain_and_entries(name)
    states = {part: np.zeros(entered.size, dtype=np.int8) for part in chain.components}
    offered = states | {"offer": np.ones(entered.size, dtype=np.int8)}
    ratio = chain.rate(offered, 400) / chain.rate(states, 400)
    assert ratio == pytest.approx(BUSINESSES[name].effects["offer"]["hazard_ratio"])


@pytest.mark.parametrize("name", BUSINESSES)
def test_an_offer_ends(name: str) -> None:
    chain, _ = chain_and_entries(name)
    offer, business = BUSINESSES[name].effects["offer"], BUSINESSES[name]
    component = chain.components["offer"]
    for written in offer["campaigns"]:
        day = business.days.number_of(date.fromisoformat(written))
        assert component.transition(day)[0, 1] == pytest.approx(offer["share_drawn"] * offer["propensity"])
        assert component.transition(day + 1).tolist() == [[1, 0], [0, 1]]
        assert component.transition(day + offer["lasts_days"]).tolist() == [[1, 0], [1, 0]]
