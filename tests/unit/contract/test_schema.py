"""What can hold in a contract, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tenure.contract import Column, Contract, parse
from tenure.errors import ContractError

BASE: dict[str, Any] = {
    "name": "t",
    "label": {"positive": "yes"},
    "columns": {
        "id": {"type": "string", "role": "key"},
        "day": {"type": "date", "role": "time"},
        "spend": {"type": "number"},
        "plan": {"type": "category"},
        "sex": {"type": "category", "role": "sensitive"},
        "left": {"type": "category", "role": "label"},
    },
}
EVENTS: dict[str, Any] = {
    "name": "t",
    "label": {"horizon_days": 30},
    "events": {"cuts": ["2024-01-01", "2024-02-01"], "active_days": 60},
    "windows": {"spend_sum": {"aggregate": "sum", "column": "spend", "reason": "r"}},
    "columns": {
        "id": {"type": "string", "role": "key"},
        "day": {"type": "date", "role": "time"},
        "spend": {"type": "number"},
        "shop": {"type": "category"},
    },
}


def made(base: dict[str, Any], **changed: Any) -> Contract:
    """``base`` with parts replaced; a column is dropped by None."""
    document = {**base, **changed}
    columns = {**base["columns"], **changed.get("columns", {})}
    document["columns"] = {name: column for name, column in columns.items() if column is not None}
    return parse(yaml.safe_dump({key: part for key, part in document.items() if part is not None}, sort_keys=False))


def test_roles() -> None:
    contract = made(BASE)
    assert (contract.key_column, contract.time, contract.label_column) == ("id", "day", "left")
    assert list(contract.inputs) == ["spend", "plan"]
    assert contract.columns_of("sensitive", "key") == ["id", "sex"]


def test_the_row_number_may_be_the_key() -> None:
    contract = made(BASE, key="row_number", columns={"id": None})
    assert (contract.key_column, contract.key_phrase) == ("_row", "the row number as key")
    assert made(BASE).key_phrase == "key 'id'"


def test_the_split_follows_time_unless_told() -> None:
    assert made(BASE).split_strategy == "time"
    assert made(BASE, columns={"day": None}).split_strategy == "stratified"
    assert made(BASE, split={"strategy": "stratified"}).split_strategy == "stratified"
    assert made(EVENTS).split_strategy == "time"
    for base in (BASE, EVENTS):
        assert made(base, split={"by": "customer"}).split_strategy == "stratified"


def test_a_row_is_identified_by_the_key_and_in_a_panel_by_its_time_as_well() -> None:
    panel = {"by": "customer"}
    assert made(BASE).row_identity == ("id",)
    assert made(BASE, split=panel).row_identity == ("id", "day")
    assert made(BASE, split=panel, columns={"day": None}).row_identity == ()
    assert made(EVENTS).row_identity == made(BASE, key="row_number", columns={"id": None}).row_identity == ()


def test_the_inputs_of_an_event_log_are_its_windows() -> None:
    contract = made(EVENTS)
    assert contract.label_column is None
    assert list(contract.inputs) == ["spend_sum"]
    assert contract.inputs["spend_sum"].type == "number"
    assert contract.inputs["spend_sum"].nullable


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns": {"id": None}}, "no column has the role 'key'"),
        ({"columns": {"id2": {"type": "string", "role": "key"}}}, "more than one column has the role 'key': id, id2"),
        ({"key": "row_number"}, "'key' is row_number, and 'id' has the role 'key': use one"),
        (
            {"key": "row_number", "columns": {"id": None}, "split": {"by": "customer"}},
            "'split.by: customer' needs a column with the role 'key': 'key' is row_number",
        ),
        ({"columns": {"left": None}}, "no column has the role 'label'"),
        (
            {"columns": {"day": {"type": "string", "role": "time"}}},
            "the time column 'day' must be a date or a timestamp",
        ),
        ({"columns": {"spend": None, "plan": None}}, "no column has the role 'feature'"),
        ({"columns": {"day": None}, "split": {"strategy": "time"}}, "'split.strategy: time' needs a column"),
        (
            {"split": {"by": "customer", "strategy": "time"}},
            "'by: customer' keeps all times of a customer in one part, 'strategy: time' divides them: leave out",
        ),
        ({"slices": ["nothing"]}, "'slices' names a column that is not there: nothing"),
        ({"label": {"horizon_days": 3}}, "'label.positive' must name the value of 'left' that means churn"),
        ({"label": {}}, "'label.positive' must name the value of 'left' that means churn"),
        ({"label": {"positive": "yes", "horizon_days": 3}}, "give either 'positive'"),
        ({"label": {"positive": []}}, "'positive' is empty: name the value, or the values, that mean churn"),
        ({"label": {"positive": ["yes", "Yes"], "ignore": ["Yes"]}}, "'Yes' is in 'positive' and in 'ignore'"),
        ({"label": {"positive": [["yes"]]}}, "label.positive"),
        (
            {"columns": {"left": {"type": "category", "role": "label", "values": ["a", "b"]}}},
            "'label.positive' is 'yes', which 'left' cannot hold: a, b",
        ),
        (
            {
                "label": {"positive": ["a", "yes"]},
                "columns": {"left": {"type": "category", "role": "label", "values": ["a", "b"]}},
            },
            "'label.positive' is 'yes', which 'left' cannot hold: a, b",
        ),
        ({"windows": EVENTS["windows"]}, "'windows' are for event logs: add 'events'"),
        (
            {"derived": {"spend": {"expression": "1", "reason": "r"}}},
            "derived feature 'spend' has the name of a column",
        ),
        ({"derived": {"a b": {"expression": "spend", "reason": "r"}}}, "a name is letters, digits and underscores"),
        ({"derived": {"x": {"expression": "nothing + 1", "reason": "r"}}}, "nothing"),
        ({"derived": {"x": {"expression": "sex", "reason": "r"}}}, "sex"),
        ({"columns": {"_row": {"type": "number"}}}, "'_row' is the name of a column that Tenure adds itself"),
        ({"split": {"train": 0.9}}, "train + validation + test is 1.2, not 1"),
        ({"split": {"train": 1.0, "validation": 0.0, "test": 0.0}}, "no part of the split may be empty"),
        ({"decision": {"bands": {"low": 0.1}}}, "'bands' must start at 0 and ascend"),
        ({"decision": {"bands": {"low": 0.0, "high": 0.5, "mid": 0.3}}}, "'bands' must ascend, not go 0, 0.5, 0.3"),
        ({"decision": {"bands": {"low": 0.0, "high": 1.5}}}, "'decision.bands.high': a band starts at a probability"),
        ({"decision": {"recommendations": {"none": "call"}}}, "'recommendations' names a band that is not there: none"),
        ({"business": {"offer_success_share": 0.0}}, "greater than 0"),
        ({"training": {"families": []}}, "at least 1 item"),
        ({"quality": {"max_rejected_share": 1.5}}, "less than or equal to 1"),
        ({"source": {"delimiter": ";;"}}, "at most 1 character"),
    ],
)
def test_what_cannot_hold_for_a_table(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match=r"^contract:\d+: ") as caught:
        made(BASE, **changed)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label": {"positive": "x"}}, "an event log's label is 'label.horizon_days'"),
        ({"label": {"horizon_days": 30, "ignore": ["x"]}}, "'ignore' is for a label column"),
        ({"columns": {"gone": {"type": "category", "role": "label"}}}, "an event log's label is 'label.horizon_days'"),
        ({"columns": {"day": None}}, "an event log needs a column with the role 'time'"),
        ({"key": "row_number", "columns": {"id": None}}, "an event log's key is the customer, not the row"),
        ({"windows": None}, "an event log needs 'windows'"),
        ({"windows": {"w": {"aggregate": "sum", "column": "no", "reason": "r"}}}, "a column that is not there: no"),
        (
            {"windows": {"w": {"aggregate": "sum", "column": "shop", "reason": "r"}}},
            "'sum' needs a numeric column, 'shop' is a category",
        ),
        ({"windows": {"w": {"aggregate": "mean", "reason": "r"}}}, "aggregate 'mean' needs a 'column'"),
        ({"windows": {"w": {"aggregate": "count", "column": "spend", "reason": "r"}}}, "'count' takes no 'column'"),
        ({"windows": {"spend": EVENTS["windows"]["spend_sum"]}}, "window 'spend' has the name of a column"),
        ({"events": {"cuts": ["2024-02-01", "2024-01-01"], "active_days": 9}}, "'cuts' must be ascending"),
        ({"events": {"cuts": [], "active_days": 9}}, "at least 1 item"),
    ],
)
def test_what_cannot_hold_for_an_event_log(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match=r"^contract:\d+: ") as caught:
        made(EVENTS, **changed)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"type": "category", "range": [0, 1]}, "'range' is for integer and number columns, not for category"),
        ({"type": "number", "values": ["1"]}, "'values' is for string, category and boolean columns, not for number"),
        ({"type": "boolean", "values": ["a", "b", "c"]}, "'values' of a boolean is two texts: false first, then true"),
        ({"type": "category", "values": ["a", "a"]}, "'values' contains a value twice"),
        ({"type": "number", "format": "%Y"}, "'format' of a number is written as"),
        ({"type": "category", "clip": True}, "'clip' is for integer and number columns, not for category"),
        ({"type": "number", "default": 1}, "'default' is for columns with 'required: false'"),
        ({"type": "number", "max_missing_share": 1.1}, "less than or equal to 1"),
        ({"type": "number", "unit": "USD", "units": "USD"}, "unknown key 'columns.x.units'"),
    ],
)
def test_what_cannot_hold_for_a_column(column: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as caught:
        made(BASE, columns={"x": column})
    assert said in str(caught.value)


def test_a_contract_cannot_be_changed() -> None:
    contract = made(BASE)
    with pytest.raises(ValueError, match="frozen"):
        contract.name = "other"  # type: ignore[misc]


def test_a_moment_is_written_as_the_source_writes_it() -> None:
    from datetime import date, datetime

    german = Column(type="date", format="%d.%m.%Y")
    assert german.as_written(date(2024, 12, 31)) == "31.12.2024"
    assert german.as_written(None) is None
    assert Column(type="date").as_written(date(2024, 12, 31)) == "2024-12-31"
    assert Column(type="timestamp").as_written(datetime(2024, 12, 31, 8, 30)) == "2024-12-31T08:30:00"  # noqa: DTZ001
    assert Column(type="integer").as_written(3) == 3
