"""Contracts with monotone features: where the key may stand, and which families are refused."""

import pytest

from tenure.contract import contract_hash, dump, parse
from tenure.contract.family_names import ENSEMBLE, MODULES, MONOTONE
from tenure.contract.monotone import directions
from tenure.errors import ContractError

TABLE = """
name: sample
label: {{positive: "1"}}
columns:
  id: {{type: string, role: key{key}}}
  complaints: {{type: integer{complaints}}}
  auto: {{type: boolean}}
  plan: {{type: category{plan}}}
  town: {{type: string, role: ignored{town}}}
  since: {{type: date, role: time{since}}}
  y: {{type: boolean, role: label{y}}}
{more}
"""
LOG = """
name: log
label: {{horizon_days: 30}}
events: {{cuts: [2026-01-01, 2026-03-01, 2026-05-01], active_days: 60}}
columns:
  id: {{type: string, role: key}}
  day: {{type: date, role: time}}
  amount: {{type: number{amount}}}
  shop: {{type: category}}
windows:
  spent: {{aggregate: sum, column: amount, days: 30, reason: r{spent}}}
  last_shop: {{aggregate: last, column: shop, reason: r{shop}}}
"""


def table(more="", **changed):
    names = ("key", "complaints", "plan", "town", "since", "y")
    return parse(TABLE.format(more=more, **{name: changed.get(name, "") for name in names}))


def log(**changed):
    return parse(LOG.format(**{name: changed.get(name, "") for name in ("amount", "spent", "shop")}))


def test_directions_are_read_and_written():
    found = table(
        complaints=", monotone: +1", more="derived: {twice: {expression: 2 * complaints, reason: r, monotone: +1}}"
    )
    assert directions(found) == {"complaints": 1, "twice": 1}
    assert parse(dump(found)) == found
    assert contract_hash(found) != contract_hash(table())
    assert directions(table()) == {}
    assert directions(log(spent=", monotone: -1")) == {"spent": -1}


@pytest.mark.parametrize("value", ["true", "up", "2", "0", "-1.5", "[1]"])
def test_other_values_are_refused(value):
    with pytest.raises(ContractError, match=r"columns\.complaints\.monotone': write \+1"):
        table(complaints=f", monotone: {value}")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("key", "not for string"),
        ("plan", "not for category"),
        ("town", "not for string"),
        ("since", "not for date"),
        ("y", "this column has the role 'label'"),
    ],
)
def test_columns_without_an_order_are_refused(column, message):
    name = "id" if column == "key" else column
    with pytest.raises(ContractError, match=f"columns.{name}.*{message}"):
        table(**{column: ", monotone: 1"})


@pytest.mark.parametrize(
    ("derived", "message"),
    [
        ("{twice: {expression: 2 * complaints, reason: r}}", "derived.twice.*is computed from 'complaints'"),
        ("{band: {expression: 'bucket(complaints, 0, 1, 2)', reason: r}}", "derived.band.*makes texts of 'complaints'"),
        ("{text: {expression: plan, reason: r, monotone: 1}}", "derived.text.monotone.*'text' is a text"),
        (
            "{two: {expression: 2 * complaints, reason: r, monotone: 1}, four: {expression: 2 * two, reason: r}}",
            "derived.four.*is computed from 'two'",
        ),
    ],
)
def test_what_moves_with_a_monotone_column_has_a_direction_too(derived, message):
    with pytest.raises(ContractError, match=message):
        table(complaints=", monotone: +1", more=f"derived: {derived}")


@pytest.mark.parametrize("family", [name for name in MODULES if name not in MONOTONE])
def test_families_that_cannot_are_refused(family):
    task = "regression" if "regression" in family else "classification"
    if task == "classification":
        with pytest.raises(ContractError, match=f"training.families.*'{family}' cannot keep 'complaints' monotone"):
            table(complaints=", monotone: 1", more=f"training: {{families: [xgboost, {family}]}}")
        table(more=f"training: {{families: [xgboost, {family}]}}")


def test_families_that_nobody_named_are_left_out():
    every = table(complaints=", monotone: 1", more="training: {families: all}").training.families
    assert every == tuple(
        name for name in table(more="training: {families: all}").training.families if name in MONOTONE
    )
    assert len(every) >= 6
    number = TABLE.replace('label: {{positive: "1"}}', "task: regression").replace(
        "type: boolean, role", "type: number, role"
    )
    names = ("key", "complaints", "plan", "town", "since", "y", "more")
    free, held = (
        parse(number.format(**dict.fromkeys(names, "") | {"complaints": key})) for key in ("", ", monotone: -1")
    )
    assert "polynomial_regression" in free.training.families
    assert held.training.families == tuple(name for name in free.training.families if name in MONOTONE)
    assert parse(dump(held)) == held


def test_the_ensemble_of_families_that_can_is_allowed():
    table(complaints=", monotone: 1", more=f"training: {{families: [xgboost, logistic_regression, {ENSEMBLE}]}}")


def test_in_an_event_log_the_window_is_monotone_not_the_column():
    with pytest.raises(ContractError, match=r"columns\.amount\.monotone.*give 'monotone' to a window"):
        log(amount=", monotone: 1")
    with pytest.raises(ContractError, match="'last_shop' is a text"):
        log(shop=", monotone: 1")
    with pytest.raises(ContractError, match="'feature' is false"):
        log(spent=", monotone: 1, feature: false")
