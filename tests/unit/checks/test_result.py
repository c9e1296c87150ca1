"""A validation on the screen."""

from __future__ import annotations

from tenure.checks import Check, Validation
from tenure.checks.result import Counts

CHECKS = (
    Check("columns", "pass", "the columns are the contract's"),
    Check("keys", "warn", "no key", advice="Give the role 'key' to a column."),
    Check("missing", "stop", "'plan' is missing in 30 % of rows (limit 10 %)", "plan", advice="Raise the limit."),
    Check("missing", "pass", "'age' is missing in 0 % of rows (limit 10 %)", "age"),
    Check("missing", "pass", "'spend' is missing in 0 % of rows (limit 10 %)", "spend"),
    Check("leakage: constant", "warn", "'x' is always 1", "x", advice="Give the role 'key' to a column."),
    Check("leakage: ranks the label", "pass", "no leakage found: ranks the label"),
    Check("leakage: order of the rows", "pass", "no leakage found: order of the rows"),
)


def validation(*checks: Check) -> Validation:
    return Validation("crm", "crm.csv", "2026-12-01T00:00:00+00:00", Counts(9, 0, 0, 9), checks, {}, {}, "")


def test_columns_within_their_limit_and_kinds_not_found_take_a_row_each() -> None:
    assert validation(*CHECKS).table() == [
        ("columns", "pass", "-", "the columns are the contract's"),
        ("keys", "warn", "-", "no key"),
        ("missing", "stop", "plan", "'plan' is missing in 30 % of rows (limit 10 %)"),
        ("missing", "pass", "-", "2 columns are within their limit of missing values"),
        ("leakage: constant", "warn", "x", "'x' is always 1"),
        ("leakage", "pass", "-", "no leakage found: ranks the label, order of the rows"),
    ]


def test_one_check_is_shown_as_it_is() -> None:
    assert validation(CHECKS[3], CHECKS[6]).table() == [
        ("missing", "pass", "age", "'age' is missing in 0 % of rows (limit 10 %)"),
        ("leakage: ranks the label", "pass", "-", "no leakage found: ranks the label"),
    ]


def test_advice_is_given_once() -> None:
    assert validation(*CHECKS).advice() == [
        "keys, leakage: constant: Give the role 'key' to a column.",
        "missing: Raise the limit.",
    ]
