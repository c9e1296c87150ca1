"""pipelines/local/summary.py: the one screen at the end of a run."""

import io

import pytest
from rich.console import Console

from pipelines.local.customers import Answer, Customer
from pipelines.local.summary import WIDTH, Ending, print_ending


def estimate(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def family(name, chosen=False, error=None):
    metrics = {"roc_auc": estimate(0.842, 0.82, 0.87), "profit_per_period": estimate(1234.5, 900, 1500)}
    return {"family": name, "chosen": chosen, "error": error, "metrics": {} if error else metrics}


def evaluation(state="bless", summary="There is no champion yet.", override=""):
    reasons = [{"check": str(i), "outcome": "pass", "text": f"reason {i}"} for i in range(6)]
    return {
        "task": "classification",
        "name": "telco",
        "rows": {"read": 7043, "rejected": 11, "quarantined": 3, "train": 4900, "validation": 1050, "test": 1051},
        "families": [
            family("logistic_regression"),
            family("random_forest", error="cannot be scored"),
            family("xgboost", chosen=True),
        ],
        "verdict": {"state": state, "summary": summary, "reasons": reasons},
        "override": override,
        "chosen": {"family": "xgboost", "bundle_version": "a414afc69559", "threshold": 0.3, "calibration": "sigmoid"},
        "business": {"currency": "USD", "period": "campaign", "defaults": []},
        "bootstrap": {"level": 0.95},
        "metrics": {
            "profit_per_period": estimate(1234.5, 900, 1500),
            "contacts_per_period": estimate(934.0),
            "precision": estimate(0.712),
        },
    }


ANSWERS = [
    Answer(
        customer=Customer(
            "likely to leave",
            "5419-JPRRN",
            {"tenure": 1, "Contract": "Month-to-month", "spend": 30.689999999999998},
        ),
        score=0.902,
        numbers={"probability": 0.902},
        contact=True,
        band="high",
        version="a414afc69559",
        reasons=[("tenure", 0.8), ("derived", 0.2), ("Contract", -0.1), ("spend", -0.05)],
    )
]


def screen(document, version="3", answers=ANSWERS, width=WIDTH):
    stream = io.StringIO()
    ending = Ending(
        run_id="20251121-090000-telco",
        evaluation=document,
        version=version,
        aliases=["champion"],
        answers=answers,
        server="http://127.0.0.1:1234/v2/models/telco/infer",
        next_steps=[("report", "runs/x/report.html"), ("serve", "tenure serve 3")],
        elapsed_s=63.7,
    )
    print_ending(ending, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize(
    "told",
    [
        "telco  run 20251121-090000-telco  64 s",
        "7,043 read, 11 rejected, 3 quarantined; 4,900 train, 1,050 validation, 1,051 test",
        "0.842",
        "[0.820, 0.870]",
        "$1,234",
        "cannot be scored",
        "bless  There is no champion yet.",
        "✓ reason 3",
        "and 2 more in the report",
        "threshold 0.300 (sigmoid calibration)",
        "contacts 934 customers in one campaign, 71 % leaving",
        "expected profit $1,234 in one campaign [$900, $1,500]",
        "telco version 3, champion; xgboost, bundle a414afc69559",
        "likely to leave  5419-JPRRN  90.2 %  high  contact",
        "+ tenure (1), + derived, - Contract (Month-to-month), - spend (30.69)",
        "http://127.0.0.1:1234/v2/models/telco/infer",
        "runs/x/report.html",
        "tenure serve 3",
    ],
)
def test_the_screen_tells(told):
    assert told in screen(evaluation())


def test_rows_of_unknown_customers_are_told():
    document = evaluation()
    document["rows"]["orphaned"] = 45
    assert "7,043 read, 11 rejected, 3 quarantined, 45 orphaned; 4,900 train" in screen(document)


def test_rows_that_are_set_aside_are_told():
    document = evaluation()
    document["rows"]["set_aside"] = 454
    assert "7,043 read, 11 rejected, 3 quarantined, 454 set aside; 4,900 train" in screen(document)


def test_a_decision_to_contact_nobody_has_no_threshold():
    document = evaluation()
    document["chosen"]["threshold"] = 2.0
    assert "no threshold (sigmoid calibration)" in screen(document)


def test_values_that_nobody_set_are_told_before_the_first_sum():
    document = evaluation()
    assert "business values" not in screen(document)
    document["business"] |= {
        "customer_value": 600.0,
        "offer_cost": 10.0,
        "offer_success_share": 0.3,
        "contacts": 1_000,
        "defaults": ["customer_value", "offer_cost", "offer_success_share", "contacts"],
    }
    told = screen(document)
    assert told.index("No business values are set: sums of money rest on defaults") < told.index("$")
    assert "Set customer_value, offer_cost, offer_success_share and contacts under 'business'" in " ".join(told.split())
    assert "[$900, $1,500], by default business values" in told


def regression():
    errors = {"rmse": estimate(41.26, 38.1, 44.9), "r2": estimate(0.412, 0.36, 0.45)}
    measured = {"mae": estimate(19.5), "coverage": estimate(0.902, 0.884, 0.915), "contacted_share": estimate(0.2)}
    return evaluation() | {
        "task": "regression",
        "target": {"unit": "USD", "objective": "rmse"},
        "families": [{"family": "xgboost_regression", "chosen": True, "error": None, "metrics": errors}],
        "chosen": {"family": "xgboost_regression", "bundle_version": "a1", "threshold": 96.25, "level": 0.9},
        "business": {"currency": "USD", "contacts": 100, "population": 8_000, "period": "campaign", "defaults": []},
        "metrics": errors | measured,
    }


@pytest.mark.parametrize(
    "told",
    [
        "RMSE",
        "xgboost regression  $41.26  [$38.10, $44.90]  0.412  [0.360, 0.450]",
        "threshold $96.25, contacts 100 customers in one campaign",
        "off by $19.50 on average; 90 % intervals hold 90.2 % [88.4 %, 91.5 %]",
        "highest value  c17  $205 ($161 to $249)  high  contact",
        "+ speaks for more, - for less",
    ],
)
def test_the_screen_of_a_regression_tells(told):
    customer = Customer("highest value", "c17", {"orders": 9})
    reasons = [("orders", 41.5)]
    numbers = {"value": 205.1, "value_low": 161.2, "value_high": 249.0}
    asked = Answer(customer, 205.1, numbers, contact=True, band="high", version="a1", reasons=reasons)
    assert told in screen(regression(), answers=[asked])


def test_the_chosen_family_is_marked():
    lines = [line for line in screen(evaluation()).splitlines() if "●" in line]
    assert "xgboost" in lines[0]


def test_it_is_one_screen():
    lines = screen(evaluation()).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= WIDTH
    assert max(map(len, screen(evaluation(), width=80).splitlines())) <= 80


def test_a_rejected_model_says_why_and_offers_no_version():
    told = screen(evaluation("reject", "The ROC-AUC is 0.51."), version=None, answers=[])
    assert "reject  The ROC-AUC is 0.51." in told
    assert "not registered; xgboost, bundle a414afc69559" in told
    assert "asked at" not in told


def test_an_override_is_shown():
    assert 'overridden: "small pilot"' in screen(evaluation("inconclusive", "Too close.", "small pilot"))


def test_metrics_that_are_not_defined_are_dashes():
    document = evaluation()
    document["metrics"] |= {"profit_per_period": estimate(None), "contacts_per_period": estimate(None)}
    document["metrics"]["precision"] = estimate(None)
    assert "expected profit - in one campaign" in screen(document)
