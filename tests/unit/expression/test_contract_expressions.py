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


WITHOUT_TIME = TABLE.replace("  looked: {{type: date, role: time}}\n", "").replace("joined, looked", "joined, today()")


def test_today_needs_a_day_in_training() -> None:
    text = WITHOUT_TIME.format(expression="months")
    with pytest.raises(
        ContractError, match=r"contract:11: 'derived.days.expression': today\(\) has no value .*'as_of: 2026-11-30'"
    ):
        parse(text)
    assert parse("as_of: 2026-11-30\n" + text).uses_today
    assert not contract("months").uses_today


def test_today_adds_no_input() -> None:
    found = parse("as_of: 2026-11-30\n" + WITHOUT_TIME.format(expression="months"))
    assert list(found.inputs) == ["joined", "months"]
    assert list(found.accepted) == ["joined", "months", "_today"]
    timed = parse(TABLE.replace("joined, looked", "joined, today()").format(expression="months"))
    assert list(timed.inputs) == ["joined", "months"]
    assert list(timed.accepted) == ["joined", "months", "_today", "looked"]
    assert not any(column.required for column in timed.day_columns.values())
    assert contract("months").accepted == contract("months").inputs


def test_as_of_is_for_rows_without_time() -> None:
    with pytest.raises(ContractError, match="'as_of' is for tables whose rows have no time, 'looked' is the time"):
        parse("as_of: 2026-11-30\n" + TABLE.format(expression="months"))


def test_the_column_of_the_day_is_our_own_where_it_is_used() -> None:
    text = WITHOUT_TIME.format(expression="months").replace("note:", "_today:")
    with pytest.raises(ContractError, match="'_today' is the name of a column that Tenure adds"):
        parse("as_of: 2026-11-30\n" + text)
    assert parse(TABLE.format(expression="months").replace("note:", "_today:")).columns["_today"].role == "ignored"


def test_an_invalid_date_is_quoted_with_its_line() -> None:
    with pytest.raises(ContractError, match=r"^contract:15: 'derived.odd.expression': \"2026-13-01\" is not a date"):
        contract("'days_between(joined, \"2026-13-01\")'")


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
    seasonal = parse(log.replace("EXPRESSION", "month(today())"))
    assert list(seasonal.inputs) == ["orders"]
    assert list(seasonal.accepted) == ["orders", "_today"]
    for name in ("amount", "day", "cut"):
        with pytest.raises(ContractError, match=f"'{name}' is not a column"):
            parse(log.replace("EXPRESSION", f"isnull({name})"))
    with pytest.raises(ContractError, match="'cut' is the name of a column that Tenure adds"):
        parse(log.replace("EXPRESSION", "orders").replace("odd:", "cut:"))
