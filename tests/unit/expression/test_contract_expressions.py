"""Expressions as a contract has them: what they may see, and where errors are told."""

from __future__ import annotations

import pytest

from tenure.contract import Contract, parse
from tenure.errors import ContractError

TABLE = """\
name: one
label: {{positive: "1"}}
columns:
  id: {{type: string, role: key}}
  looked: {{type: date, role: time}}
  joined: {{type: date}}
  months: {{type: integer}}
  gender: {{type: category, role: sensitive}}
  note: {{type: string, role: ignored}}
  left: {{type: boolean, role: label}}
derived:
  days: {{expression: "days_between(joined, looked)", reason: r}}
  odd:
    reason: r
    expression: {expression}
"""


def contract(expression: str) -> Contract:
    return parse(TABLE.format(expression=expression))


def test_the_time_column_is_an_input_only_if_an_expression_uses_it() -> None:
    assert list(contract("months + 1").inputs) == ["looked", "joined", "months"]
    without = TABLE.replace("days_between(joined, looked)", "month(joined)").format(expression="months")
    assert list(parse(without).inputs) == ["joined", "months"]


def test_a_derived_feature_may_use_those_before_it() -> None:
    assert contract("days / 30").expressions["odd"].columns == ("days",)
    with pytest.raises(ContractError, match="'odd' is not a column"):
        contract("odd + 1")


@pytest.mark.parametrize("name", ["left", "id", "gender", "note"])
def test_label_key_sensitive_and_ignored_columns_cannot_be_used(name: str) -> None:
    with pytest.raises(
        ContractError, match=f"'derived.odd.expression': '{name}' is not a column that an expression may use"
    ):
        contract(f"isnull({name})")


def test_an_error_tells_the_line_of_the_expression() -> None:
    with pytest.raises(ContractError, match=r"^contract:15: 'derived.odd.expression': 'month' .*mean months"):
        contract("month + 1")


def test_a_date_is_no_feature() -> None:
    with pytest.raises(ContractError, match="'joined' is a date; days_between counts days"):
        contract("joined")
    unused = TABLE.replace("days_between(joined, looked)", "months").format(expression="months")
    with pytest.raises(ContractError, match=r"contract:6: 'columns.joined.role': no derived feature uses this date"):
        parse(unused)


@pytest.mark.parametrize("name", ["_label", "_row"])
def test_names_of_our_own_columns_cannot_be_taken(name: str) -> None:
    with pytest.raises(ContractError, match=f"'{name}' is the name of a column that Tenure adds itself"):
        parse(TABLE.format(expression="months").replace("odd:", f"{name}:"))
    with pytest.raises(ContractError, match=f"'{name}' is the name of a column that Tenure adds"):
        parse(TABLE.format(expression="months").replace("note:", f"{name}:"))


def test_an_event_log_offers_its_windows() -> None:
    log = """\
name: log
label: {horizon_days: 30}
events: {cuts: [2024-01-01], active_days: 30}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
  amount: {type: number}
windows:
  orders: {aggregate: count, reason: r}
derived:
  odd: {expression: EXPRESSION, reason: r}
"""
    assert list(parse(log.replace("EXPRESSION", "orders > 1")).inputs) == ["orders"]
    for name in ("amount", "day", "cut"):
        with pytest.raises(ContractError, match=f"'{name}' is not a column"):
            parse(log.replace("EXPRESSION", f"isnull({name})"))
    with pytest.raises(ContractError, match="'cut' is the name of a column that Tenure adds"):
        parse(log.replace("EXPRESSION", "orders").replace("odd:", "cut:"))
