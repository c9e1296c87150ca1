"""What pages say of the period, the base and the business values that a contract leaves at their defaults."""

from typing import Any

import pytest
from value_evaluation import evaluation_of as value_evaluation
from value_evaluation import spending

from tenure.business_text import assumption, marked
from tenure.report import render

ALL = ["customer_value", "offer_cost", "offer_success_share", "contacts"]
BUSINESS = {
    "currency": "EUR",
    "period": "month",
    "customer_value": 600.0,
    "offer_cost": 10.0,
    "offer_success_share": 0.3,
    "contacts": 1_000,
    "population": 7_043,
    "base": "rows",
}


@pytest.fixture(scope="module")
def page_of(make_evaluation: Any, drawn: dict) -> Any:
    document = make_evaluation(**drawn, samples=50)

    def made(**business: Any) -> str:
        return render({**document, "business": {**document["business"], **business}}, validation=None, ingest=None)

    return made


def test_all_values_are_defaults() -> None:
    assert assumption({**BUSINESS, "defaults": ALL}) == (
        "No business values are set: sums of money rest on defaults, namely that a saved customer is worth €600, an"
        " offer costs €10, an offer keeps 30 % of the leavers who get one and 1,000 customers can be contacted a month."
        " Set customer_value, offer_cost, offer_success_share and contacts under 'business' in the contract."
    )
    assert marked({**BUSINESS, "defaults": ALL}) == "a month, by default business values"


def test_some_values_are_defaults() -> None:
    assert assumption({**BUSINESS, "defaults": ["offer_success_share"]}) == (
        "Not all business values are set: sums of money rest on a default, namely that an offer keeps 30 % of the"
        " leavers who get one. Set offer_success_share under 'business' in the contract."
    )
    assert marked({**BUSINESS, "defaults": ["contacts"]}) == "a month, by partly default business values"


def test_no_value_is_a_default() -> None:
    assert assumption({**BUSINESS, "defaults": []}) is None
    assert marked({**BUSINESS, "defaults": []}) == "a month"


def test_a_report_says_that_nothing_is_set_before_it_says_a_sum(page_of: Any) -> None:
    page = page_of(defaults=ALL)
    assert page.index("No business values are set: sums of money rest on defaults") < page.index("$")
    assert page_of().count("default") == 0


def test_every_section_with_money_is_marked(page_of: Any) -> None:
    page = page_of(defaults=ALL)
    for section in page.split("<section")[1:]:
        # The reasons here are those of a contract that sets its values: the verdict marks them.
        if 'id="reasons"' in section:
            continue
        assert "$" not in section or "by default business values" in section, section[:60]


@pytest.mark.parametrize("period", ["campaign", "day", "week", "month", "quarter", "year"])
def test_a_report_names_the_contract_s_period_and_no_other(page_of: Any, period: str) -> None:
    page = page_of(period=period)
    words = {"campaign": "in one campaign"}.get(period, f"a {period}")
    assert f"What it is worth {words}" in page and f"Profit {words}" in page
    assert period == "day" or ("a day<" not in page and " a day " not in page.replace("a day long after", ""))


def test_a_report_says_who_the_customers_are(page_of: Any) -> None:
    assert "of the 7,043 customers of the table; the offers cost" in page_of()
    assert "of the 7,043 customers at the last cut" in page_of(base="last_cut")
    assert "of the 9,000 customers that the contract names" in page_of(base="contract", population=9_000)


def test_a_regression_marks_its_limit_of_contacts() -> None:
    label, columns = spending()
    document = value_evaluation(label, columns)
    document["business"] |= {"defaults": ["contacts"], "period": "week"}
    page = render(document, validation=None, ingest=None)
    said = (
        "The limit of contacts is not set: decisions whom to contact rest on a default, namely that 100 customers"
        " can be contacted a week. Set contacts under &#39;business&#39; in the contract."
    )
    assert said in page and page.index(said) < page.index("$")
    assert "Customers to contact a week" in page


def test_only_the_limit_is_a_default() -> None:
    said = assumption({**BUSINESS, "defaults": ["contacts"]})
    assert said is not None and said.startswith("The limit of contacts is not set: sums of money rest on a default,")
