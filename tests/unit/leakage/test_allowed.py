"""A feature that the contract allows with a reason warns, and the reason is repeated."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.checks.leakage import Table, allowed, check_leakage
from tenure.checks.result import Check
from tenure.contract import Contract, parse

ROWS = 600
CONTRACT = """
name: allowing
as_of: 2026-11-01
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  status: {type: number COLUMN}
  fee: {type: number}
  signed: {type: date, nullable: true}
  left: {type: integer, role: label}
derived:
  doubled: {expression: "fee * 2", reason: Twice DERIVED}
  weeks: {expression: "days_between(signed, '2026-11-01') / 7", reason: Age}
"""
REASON = ', leakage: {allow: "the notice is sent, to everybody, a month ahead"}'
DAY = 20_758.0
"""2026-11-01, in days since 1970-01-01."""


def contract(column: str = "", derived: str = "", quality: str = "") -> Contract:
    return parse(CONTRACT.replace(" COLUMN", column).replace(" DERIVED", derived) + quality)


def table(**changed: np.ndarray) -> Table:
    random = np.random.default_rng(0)
    label = (random.random(ROWS) < 0.3).astype(np.int8)
    values = {"status": random.normal(size=ROWS), "fee": random.normal(size=ROWS)}
    values |= {"signed": DAY - random.integers(0, 900, ROWS)} | changed
    values |= {"doubled": changed.get("doubled", values["fee"] * 2.0), "weeks": (DAY - values["signed"]) / 7.0}
    return Table(values, label, {}, None)


def label() -> np.ndarray:
    return table().label.astype(float)


def found(described: Contract, rows: Table) -> list[Check]:
    return [check for check in check_leakage(described, rows) if check.level != "pass"]


def test_a_stop_says_how_to_go_on() -> None:
    (check,) = found(contract(), table(status=label()))
    assert check.level == "stop"
    assert "role: ignored" in str(check.advice)
    assert 'leakage: {allow: "<reason>"}' in str(check.advice)


def test_an_allowed_column_warns_with_its_reason() -> None:
    (check,) = found(contract(column=REASON), table(status=label()))
    assert (check.level, check.column, check.advice) == ("warn", "status", None)
    assert check.message.endswith("; allowed: the notice is sent, to everybody, a month ahead")


def test_a_derived_feature_is_allowed_by_itself() -> None:
    rows = table(doubled=label())
    assert [check.level for check in found(contract(), rows)] == ["stop"]
    (check,) = found(contract(derived=REASON), rows)
    assert (check.level, check.column) == ("warn", "doubled")
    assert "allowed: the notice" in check.message


def test_what_is_allowed_for_one_column_is_not_for_another() -> None:
    checks = found(contract(column=REASON), table(status=label(), fee=1.0 - label()))
    assert {(check.level, check.column) for check in checks} == {("warn", "status"), ("stop", "fee")}


def test_the_list_of_older_contracts_goes_on_working() -> None:
    (check,) = found(contract(quality="quality: {leakage_accepted: [status]}"), table(status=label()))
    assert check.level == "warn"
    assert check.message.endswith("; allowed by quality.leakage_accepted")


def test_reasons_by_feature() -> None:
    described = contract(column=REASON, quality="quality: {leakage_accepted: [fee, status]}")
    assert allowed(described) == {"fee": None, "status": "the notice is sent, to everybody, a month ahead"}


def test_an_honest_feature_that_is_allowed_needs_no_word() -> None:
    assert found(contract(column=REASON), table()) == []


@pytest.mark.parametrize(("days", "level"), [(0.0, []), (1.0, ["stop"])])
def test_dates_after_the_day_that_the_table_describes(days: float, level: list[str]) -> None:
    signed = table().values["signed"].copy()
    signed[:60] = DAY + days
    checks = found(contract(), table(signed=signed))
    assert [check.level for check in checks] == level
    for check in checks:
        assert check.message == (
            "dated after the cut: column 'signed' lies after 2026-11-01, the day that the table describes ('as_of'),"
            " in 10.0% of the rows; so do the features derived from it: weeks"
        )
