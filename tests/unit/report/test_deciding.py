"""The break-even beside the limit of contacts: which of them the threshold follows from."""

from typing import Any

import pytest

from tenure.tasks.churn.report.deciding import cost_of_the_limit, what_decides


def evaluation(limit: dict[str, Any], threshold: float = 0.05, **expected: Any) -> dict[str, Any]:
    return {
        "business": {"period": "campaign", "population": 7_000, "currency": "USD", "defaults": []},
        "chosen": {"threshold": threshold, "expected": {"policy": "profit", "target": None, **expected}},
        "curves": {
            "limit": {
                "contacts": 1_000,
                "share": 1 / 7,
                "break_even": 0.05,
                "break_even_share": 0.6,
                "best_share": 0.55,
                "best_profit_per_period": 9_000.0,
                "best_within_limit_per_period": 5_000.0,
                "cost_per_period": 4_000.0,
                **limit,
            }
        },
    }


PAYS = "An offer pays from a probability of 5.0 % on, which"


@pytest.mark.parametrize(
    ("limit", "threshold", "said"),
    [
        (
            {},
            0.6,
            "4,200 of 7,000 have; the limit of 1,000 contacts in one campaign allows fewer, so it is the limit that",
        ),
        (
            {"break_even_share": 0.1},
            0.051,
            "700 of 7,000 have; the limit of 1,000 contacts in one campaign is enough for",
        ),
        (
            {"contacts": 9_000, "share": 1.0},
            0.05,
            "4,200 of 7,000 have; the limit of 9,000 contacts in one campaign is no",
        ),
    ],
)
def test_the_limit_or_the_profit_decides(limit: dict, threshold: float, said: str) -> None:
    assert what_decides(evaluation(limit, threshold)).startswith(f"{PAYS} {said}")


def test_a_threshold_that_is_not_the_break_even_says_where_it_comes_from() -> None:
    free = {"contacts": 9_000, "share": 1.0}
    assert what_decides(evaluation(free, 0.051)).endswith("so the profit decides.")
    assert what_decides(evaluation(free, 0.4)).endswith(
        "so the profit decides: on the validation rows most was earned from 40.0 % on."
    )
    assert "none of them earned an offer's cost" in what_decides(evaluation(free, 2.0))


def test_another_policy_decides() -> None:
    said = what_decides(evaluation({}, policy="precision", target=0.8))
    assert said.endswith("but the threshold is chosen for a precision of 80 %.")


def test_what_the_limit_costs() -> None:
    said = cost_of_the_limit(evaluation({}))
    assert said is not None and said.startswith(
        "The limit of 1,000 contacts in one campaign costs $4,000: contacting 55 %"
    )
    assert cost_of_the_limit(evaluation({"cost_per_period": 0.2})) is None
    assert cost_of_the_limit(evaluation({"share": 1.0})) is None
