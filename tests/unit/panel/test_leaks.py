"""What a contract of tables can reveal of the time after a cut."""

from __future__ import annotations

from panel_tables import contract, tables

from tenure.checks import Check
from tenure.contract import Contract
from tenure.features.leakage import find_leakage
from tenure.features.panel import panel
from tenure.features.rows import of_table as rows_of
from tenure.features.today import with_today
from tenure.transform import fit

CUSTOMERS = [f"c{number:03}" for number in range(120)]
ORDERS = [
    *((who, f"2026-02-{1 + place % 27:02}T12:00", 1.0) for place, who in enumerate(CUSTOMERS)),
    *((who, "2026-03-10T12:00", 1.0) for who in CUSTOMERS[::2]),
    ("z", "2025-01-01T00:00", None),
    ("z", "2026-12-01T00:00", None),
]


def with_ends(more: str = "") -> Contract:
    derived = "derived: {days_left: {expression: 'days_between(today(), ends)', reason: r}}"
    return contract(more=derived, of_ends=f"feature{more}")


def found(described: Contract, ends: list[str | None]) -> Check:
    plans = [(who, "2026-01-01T00:00", "", who, "on", end) for who, end in zip(CUSTOMERS, ends, strict=True)]
    made = panel(described, tables(described, ORDERS, plans, CUSTOMERS))
    rows = with_today(described, rows_of(made.table))
    checks = find_leakage(described, rows.batches, fit(described, rows.batches)).checks
    return next(check for check in checks if check.name == "leakage: dated after the cut")


def test_a_date_that_is_filled_in_later_stops_a_run() -> None:
    later: list[str | None] = [None if place % 2 == 0 else "2026-03-20T00:00" for place in range(len(CUSTOMERS))]
    check = found(with_ends(), later)
    assert check.level == "stop"
    derived = "so do the features derived from it: days_left"
    assert check.message == (f"dated after the cut: column 'ends' lies after the cut in 100.0% of the rows; {derived}")


def test_a_planned_end_is_allowed_by_a_reason() -> None:
    planned: list[str | None] = ["2026-06-30T00:00"] * len(CUSTOMERS)
    check = found(with_ends(", leakage: {allow: agreed beforehand}"), planned)
    assert check.level == "warn"
    assert "allowed: agreed beforehand" in check.message


def test_dates_up_to_the_cut_are_known() -> None:
    before: list[str | None] = ["2026-03-01T00:00", None, "2026-02-01T00:00"] * (len(CUSTOMERS) // 3)
    assert found(with_ends(), before).level == "pass"
