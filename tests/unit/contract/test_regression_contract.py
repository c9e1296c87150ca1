"""Contracts that predict a number: what they say by default, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tenure import tasks
from tenure.contract import Contract, contract_hash, dump, load, parse
from tenure.contract.family_names import REGRESSORS
from tenure.errors import ContractError
from tenure.tasks.value.task import FAMILIES

DATASETS = Path(__file__).parents[3] / "datasets"

TABLE: dict[str, Any] = {
    "name": "t",
    "task": "regression",
    "columns": {
        "id": {"type": "string", "role": "key"},
        "orders": {"type": "integer"},
        "shop": {"type": "category"},
        "spend": {"type": "number", "role": "label", "unit": "USD"},
    },
}
EVENTS: dict[str, Any] = {
    "name": "t",
    "task": "regression",
    "label": {"horizon_days": 30, "aggregate": "sum", "column": "spend"},
    "events": {"cuts": ["2024-01-01", "2024-02-01"], "active_days": 60},
    "windows": {"orders": {"aggregate": "count", "reason": "r"}},
    "columns": {
        "id": {"type": "string", "role": "key"},
        "day": {"type": "date", "role": "time"},
        "spend": {"type": "number", "unit": "USD"},
        "shop": {"type": "category"},
    },
}
CHURN: dict[str, Any] = {
    "name": "t",
    "label": {"positive": "yes"},
    "columns": {
        "id": {"type": "string", "role": "key"},
        "orders": {"type": "integer"},
        "left": {"type": "category", "role": "label"},
    },
}


def made(base: dict[str, Any], **changed: Any) -> Contract:
    document = {**base, **changed, "columns": {**base["columns"], **changed.get("columns", {})}}
    return parse(yaml.safe_dump(document, sort_keys=False))


def test_what_depends_on_the_task_has_a_default_of_its_own() -> None:
    contract = made(TABLE)
    assert contract.training.families == FAMILIES
    assert contract.training.objective == "rmse"
    assert contract.decision.bands == {} and contract.decision.interval == 0.90
    assert contract.label_column == "spend" and contract.label_unit == "USD"
    churn = made(CHURN)
    assert churn.training.objective == "log_loss" and "xgboost" in churn.training.families
    assert churn.decision.bands == {"low": 0.0, "medium": 0.3, "high": 0.6}


def test_what_is_said_is_kept() -> None:
    training = {"objective": "mae", "families": ["xgboost_regression"], "trials": 3}
    contract = made(TABLE, training=training, decision={"bands": {"poor": -5, "rich": 100}, "at_least": 80})
    assert contract.training.objective == "mae" and contract.training.families == ("xgboost_regression",)
    assert contract.decision.bands == {"poor": -5.0, "rich": 100.0} and contract.decision.at_least == 80
    assert made(TABLE, training={"trials": 3}).training.families == FAMILIES


@pytest.mark.parametrize("said", ["all", ["all"]])
def test_all_families_are_those_of_the_task(said: Any) -> None:
    regression, churn = (made(base, training={"families": said}) for base in (TABLE, CHURN))
    assert regression.training.families == (*REGRESSORS, "ensemble")
    assert churn.training.families == tasks.get("classification").families
    assert parse(dump(churn)) == churn


def test_the_unit_is_the_labels_or_the_columns() -> None:
    assert made(EVENTS).label_unit == "USD"
    assert made(EVENTS, label={"horizon_days": 30, "aggregate": "count"}).label_unit is None
    assert made(TABLE, label={"unit": "EUR"}).label_unit == "EUR"


@pytest.mark.parametrize("base", [TABLE, EVENTS, CHURN])
def test_a_contract_survives_its_text(base: dict[str, Any]) -> None:
    contract = made(base)
    for text in (dump(contract), contract.model_dump_json(exclude_unset=True)):
        assert parse(text) == contract
        assert contract_hash(parse(text)) == contract_hash(contract)


REGRESSION_ONLY = {
    "label": {"aggregate": None, "column": None, "unit": None},
    "decision": {"interval": 0.9, "at_least": None},
    "acceptance": {"min_r2": 0.0, "min_coverage": None},
}
CLASSIFICATION_ONLY = {
    "label": {"positive": None},
    "quality": {"min_class_share": 0.01},
    "business": {"customer_value": 600.0, "offer_cost": 10.0, "offer_success_share": 0.3},
    "decision": {"policy": "profit", "target": None, "segments": {}, "by": None},
    "acceptance": {
        "metric": "profit",
        "max_slice_loss": 0.2,
        "min_roc_auc": 0.65,
        "min_recall": 0.0,
        "min_precision": 0.0,
        "max_calibration_error": 0.1,
    },
}


@pytest.mark.parametrize(
    ("base", "task", "part", "key", "default"),
    [
        pytest.param(base, task, part, key, default, id=f"{task}-{part}.{key}")
        for base, task, only in ((CHURN, "regression", REGRESSION_ONLY), (TABLE, "classification", CLASSIFICATION_ONLY))
        for part, keys in only.items()
        for key, default in keys.items()
    ],
)
def test_what_is_the_other_tasks_is_refused_at_its_line_though_it_says_the_default(
    base: dict[str, Any], task: str, part: str, key: str, default: object
) -> None:
    assert getattr(getattr(made(base), part), key) == default
    document = yaml.safe_dump({**base, part: {**base.get(part, {}), key: default}}, sort_keys=False)
    line = next(n for n, text in enumerate(document.splitlines(), 1) if text.startswith(f"  {key}: "))
    with pytest.raises(ContractError) as caught:
        parse(document)
    assert str(caught.value).startswith(f"contract:{line}: '{part}.{key}': this is for the task {task}, ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("telco", "6ce04ddf950cb8700bccf8835ed66ab1c376b6c2f8559abcd2c31afe05d8b173"),
        ("gym", "761962642dbbc97fc7c9e2738793810371829a2b8bd2a990bde8034c6a0033bf"),
        ("cdnow", "21b8173b36a90440ee8efb59a9c980331d81ed9b5c176e88e406da6f8416da00"),
    ],
)
def test_the_hash_of_contracts_from_before_regression_is_what_it_was(name: str, known: str) -> None:
    assert contract_hash(load(DATASETS / name)) == known


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label": {"positive": "yes"}}, "contract:16: 'label.positive': this is for the task classification"),
        ({"label": {"ignore": ["new"]}}, "'label.ignore': this is for the task classification"),
        ({"quality": {"min_class_share": 0.02}}, "'quality.min_class_share': this is for the task classification"),
        ({"business": {"customer_value": 40}}, "'business.customer_value': this is for the task classification"),
        ({"business": {"offer_cost": 1}}, "'business.offer_cost': this is for the task classification"),
        ({"decision": {"policy": "recall", "target": 0.5}}, "'decision.policy': this is for the task classification"),
        (
            {"decision": {"segments": {"many": {"column": "orders", "at_least": 3}}}},
            "'decision.segments': this is for the task classification, the contract's is regression",
        ),
        ({"acceptance": {"min_roc_auc": 0.8}}, "'acceptance.min_roc_auc': this is for the task classification"),
        ({"training": {"objective": "roc_auc"}}, "'roc_auc' is no objective for regression: there are rmse, mae"),
        (
            {"training": {"families": ["xgboost"]}},
            "'xgboost' is no family for regression: there are adaboost_regression",
        ),
        ({"training": {"families": ["xgboost_regresion"]}}, "did you mean 'xgboost_regression'?"),
        ({"label": {"horizon_days": 30}}, "'label.horizon_days' and 'label.aggregate' are for event logs"),
        ({"columns": {"spend": {"type": "category", "role": "label"}}}, "the label 'spend' is a category"),
        ({"columns": {"spend": {"type": "number"}}}, "no column has the role 'label'"),
        ({"decision": {"bands": {"a": 5, "b": 1}}}, "'bands' must ascend, not go 5, 1"),
        ({"decision": {"recommendations": {"vip": "call"}}}, "'recommendations' names a band that is not there: vip"),
        ({"decision": {"interval": 1.0}}, "less than 1"),
        ({"decision": {"interval": 0.4}}, "greater than or equal to 0.5"),
        ({"decision": {"at_least": float("inf")}}, "finite number"),
        ({"acceptance": {"min_r2": 1.0}}, "less than 1"),
    ],
)
def test_what_cannot_hold_for_a_table(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match=r"^contract:\d+: ") as caught:
        made(TABLE, **changed)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"horizon_days": 30}, "'label.aggregate' must say what of the horizon's events is predicted: count or sum"),
        ({"horizon_days": 30, "aggregate": "sum"}, "aggregate 'sum' needs a 'column'"),
        ({"horizon_days": 30, "aggregate": "count", "column": "spend"}, "aggregate 'count' takes no 'column'"),
        ({"horizon_days": 30, "aggregate": "mean", "column": "spend"}, "'count' or 'sum'"),
        ({"horizon_days": 30, "aggregate": "sum", "column": "cost"}, "'label.column' is a column that is not there"),
        ({"horizon_days": 30, "aggregate": "sum", "column": "shop"}, "must be an integer or number column"),
        ({"aggregate": "count"}, "an event log's label is 'label.horizon_days'"),
    ],
)
def test_what_cannot_hold_for_an_event_log(label: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match=r"^contract:\d+: ") as caught:
        made(EVENTS, label=label)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label": {"positive": "yes", "unit": "USD"}}, "'label.unit': this is for the task regression"),
        ({"decision": {"interval": 0.8}}, "'decision.interval': this is for the task regression"),
        ({"decision": {"at_least": 3}}, "'decision.at_least': this is for the task regression"),
        ({"decision": {"bands": {}}}, "'decision.bands': 'bands' must start at 0 and ascend"),
        ({"acceptance": {"min_r2": 0.3}}, "'acceptance.min_r2': this is for the task regression"),
        ({"training": {"objective": "rmse"}}, "'rmse' is no objective for classification: there are roc_auc"),
        ({"training": {"families": ["linear_regression"]}}, "'linear_regression' is no family for classification"),
        ({"task": "clustering"}, "'classification' or 'regression'"),
    ],
)
def test_what_cannot_hold_for_churn(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match=r"^contract:\d+: ") as caught:
        made(CHURN, **changed)
    assert said in str(caught.value)
