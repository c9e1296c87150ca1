"""Business values: the period, the limit of contacts under two names, and what is set apart from what is a default."""

from pathlib import Path

import pytest

from tenure.contract import Contract, contract_hash, parse
from tenure.contract.load import dump
from tenure.contract.overrides import override
from tenure.errors import ContractError

TABLE = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  visits: {type: number}
  left: {type: string, role: label, values: ["no", "yes"]}
"""
SPEND = TABLE.replace('label: {positive: "yes"}', "task: regression").replace(
    'left: {type: string, role: label, values: ["no", "yes"]}', "spend: {type: number, role: label}"
)
ALL = ["customer_value", "offer_cost", "offer_success_share", "contacts"]


def contract(business: str = "", text: str = TABLE) -> Contract:
    return parse(text + (f"business: {{{business}}}\n" if business else ""))


def test_without_a_word_figures_are_of_one_campaign_over_the_table() -> None:
    business = contract().business
    assert (business.period, business.contact_limit, business.population) == ("campaign", 1_000, None)


def test_either_name_of_the_limit_counts() -> None:
    assert contract("contacts: 50").business.contact_limit == 50
    assert contract("contacts_per_day: 50").business.contact_limit == 50
    assert contract("period: day, contacts_per_day: 50").business.contact_limit == 50
    assert contract("period: month, contacts: 50").business.contact_limit == 50


@pytest.mark.parametrize(
    ("business", "message"),
    [
        ("contacts: 5, contacts_per_day: 5", "give either 'contacts' or 'contacts_per_day'"),
        (
            "period: week, contacts_per_day: 5",
            "with 'period: week' write 'contacts', the customers contacted in a week",
        ),
        ("period: fortnight", "'business.period'"),
        ("contacts: 0", "'business.contacts'"),
    ],
)
def test_what_is_not_valid(business: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        contract(business)


@pytest.mark.parametrize(
    ("business", "text", "defaults"),
    [
        ("", TABLE, ALL),
        ("currency: EUR, period: month, population: 9", TABLE, ALL),
        ("customer_value: 600", TABLE, ALL[1:]),
        ("customer_value: 600, offer_cost: 10, offer_success_share: 0.3, contacts_per_day: 1000", TABLE, []),
        ("", SPEND, ["contacts"]),
        ("contacts: 1000", SPEND, []),
    ],
)
def test_a_value_that_is_set_is_no_default_even_if_it_equals_it(business: str, text: str, defaults: list[str]) -> None:
    made = contract(business, text)
    assert made.default_business_values == defaults
    again = parse(dump(made))
    assert again == made and again.default_business_values == defaults
    assert override(made, trials=3, seed=5).default_business_values == defaults


def test_a_set_default_does_not_change_the_hash() -> None:
    bands = "decision: {bands: {low: 0.0, medium: 0.3, high: 0.6}}\n"
    made = parse(TABLE + "business: {customer_value: 600, contacts_per_day: 1000}\n" + bands)
    assert contract_hash(made) == contract_hash(contract())
    assert "bands" in parse(dump(made)).decision.model_fields_set
    assert "bands" not in parse(dump(contract())).decision.model_fields_set
    assert contract_hash(contract("contacts: 10")) != contract_hash(contract())


def test_the_documented_values_are_valid() -> None:
    page = (Path(__file__).parents[3] / "docs" / "business-values.md").read_text(encoding="utf-8")
    made = parse(TABLE + page.partition("```yaml\n")[2].partition("```")[0])
    assert made.default_business_values == [] and made.business.period == "month"
