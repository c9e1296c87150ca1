"""The panel: who stands at a cut, which columns there are, and what is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from panel_tables import contract, tables

from tenure.contract import Contract
from tenure.errors import DataError
from tenure.features import at
from tenure.features.eligible import eligible
from tenure.features.instants import parse_instant
from tenure.features.panel import Panel, panel
from tenure.features.panel_checks import check_panel
from tenure.features.tables import Tables

ORDERS = [
    ("a", "2026-02-20T12:00", 10.0),
    ("a", "2026-02-25T12:00", 30.0),
    ("b", "2026-01-10T12:00", 5.0),
    ("b", "2026-03-10T12:00", 5.0),
    ("c", "2025-10-01T12:00", 1.0),
    ("d", "2026-03-20T12:00", 1.0),
    ("e", "2026-12-01T00:00", None),
]
CUSTOMERS = [("a", "2025-01-01T00:00"), ("b", "2026-01-05T00:00"), ("c", "2025-01-01T00:00"), ("d", "2026-03-05T00:00")]


def data(described: Contract) -> Tables:
    return tables(described, ORDERS, customers=CUSTOMERS)


def keys(found: Panel, cut: int = 0) -> list[str]:
    rows = found.table.to_pylist()
    return [row["customer"] for row in rows if str(row["cut"]) == found.cuts[cut].cut]


def test_columns_and_order() -> None:
    described = contract(cuts="[2026-02-01, 2026-03-15]", more="slices: [country]")
    found = panel(described, data(described))
    assert found.table.column_names == [
        *("customer", "cut", "country", "gender", "status", "orders_7", "orders_30", "spend", "_label", "_row"),
    ]
    assert found.table.schema.field("cut").type == pa.date32()
    assert found.table.schema.field("_label").type == pa.int8()
    assert list(zip(found.table["cut"].to_pylist(), found.table["customer"].to_pylist(), strict=True)) == sorted(
        zip(found.table["cut"].to_pylist(), found.table["customer"].to_pylist(), strict=True)
    )
    assert found.table["_row"].to_pylist() == [1, 2, 3, 4, 5, 6, 7]
    assert (keys(found), keys(found, 1)) == (["a", "b", "c"], ["a", "b", "c", "d"])


def test_a_cut_that_is_no_midnight_is_a_time_of_the_clock() -> None:
    described = contract(cuts="[2026-03-01, '2026-04-01T06:30']")
    found = panel(described, data(described))
    assert found.table.schema.field("cut").type == pa.timestamp("us")
    assert [str(cut) for cut in found.table["cut"].unique().to_pylist()] == [
        "2026-03-01 00:00:00",
        "2026-04-01 06:30:00",
    ]
    assert [each.cut for each in found.cuts] == ["2026-03-01", "2026-04-01T06:30"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("active > 0", ["a", "b"]),  # a window that is no feature
        ("spend > 0", ["a"]),
        ("dear > 5", ["a"]),  # a derived feature of others
        ("isnull(country)", ["a", "b", "c"]),
        ("country == 'DE'", None),  # null counts as no
        ("spend > 0 or country == 'DE'", ["a"]),
        ("days_between(first_order, today()) > 60", ["c"]),
    ],
)
def test_eligible(rule: str, expected: list[str] | None) -> None:
    derived = "basket: {expression: spend / orders_30, reason: r}, dear: {expression: basket + 0, reason: r}"
    described = contract(more=f"eligible: {rule}\nderived: {{{derived}}}")
    if expected is None:
        with pytest.raises(
            DataError, match=r"no customer is eligible at the cut 2026-03-01: 'country == 'DE''; 3 exist"
        ):
            panel(described, data(described))
        return
    found = panel(described, data(described))
    assert keys(found) == expected
    assert (found.cuts[0].customers, found.cuts[0].eligible) == (3, len(expected))
    assert found.table.column_names[-4:] == ["orders_30", "spend", "_label", "_row"]


def test_who_is_scored_is_who_would_stand_at_a_cut() -> None:
    described = contract(more="eligible: active > 0")
    made = described.assembly
    assert made is not None
    rows = at(described, data(described), parse_instant("2026-03-01", made.zone))
    assert rows.filter(pa.array(eligible(described, rows))).column("customer").to_pylist() == ["a", "b"]


def test_today_is_the_day_of_the_zone() -> None:
    # At the cut it is 28 February, 23:00 in UTC.
    described = contract(more="eligible: days_between(first_order, today()) == 9", zone="Europe/Berlin")
    assert keys(panel(described, tables(described, [("a", "2026-02-20T00:00", 1.0), ORDERS[-1]]))) == ["a"]


def test_a_cut_without_customers_is_a_warning() -> None:
    described = contract(cuts="[2025-12-01, 2026-03-01]", more="eligible: orders_30 > 0")
    found = panel(described, data(described))
    assert [each.rows for each in found.cuts] == [0, 1]
    assert found.cuts[0].label is None
    assert "no customer stands at 1 of 2 cuts: 2025-12-01" in found.warnings


def test_nobody_at_any_cut_is_an_error() -> None:
    described = contract(more="eligible: active > 7")
    message = (
        "no customer is eligible at the cut 2026-03-01: 'active > 7', where 'active' is the number of .* over the 90 "
        "days before the cut; 3 exist"
    )
    with pytest.raises(DataError, match=message):
        panel(described, data(described))
    described = contract("{kind: event, table: orders, horizon: 30 days, gap: 30 days}", more="eligible: spend < 6")
    with pytest.raises(DataError, match=r"no customer has a label .*: 1 left between the cut and the horizon"):
        panel(described, tables(described, [*ORDERS, ("b", "2026-02-20T12:00", 5.0)], customers=["b"]))
    described = contract()
    with pytest.raises(DataError, match="no customer exists at the cut 2026-03-01: do the keys and times"):
        panel(described, tables(described, ORDERS, customers=[("a", "2027-01-01T00:00")]))


def test_what_people_read_of_a_panel() -> None:
    described = contract(
        "{kind: event, table: orders, horizon: 30 days, gap: 10 days}", cuts="{every: 30 days, count: 3}"
    )
    checks = check_panel(described, panel(described, data(described)))
    assert [check.level for check in checks] == ["pass"]
    assert checks[0].message == (
        "12 rows at 3 cuts, 2026-08-23 to 2026-10-22; at the last 4 customers exist, 4 are eligible; horizons overlap: "
        "the label of a cut is known only after up to 1 later cut, so that a customer's rows share days; 12 rows of "
        "customers who had such an event before the cut: if nobody leaves twice, 'eligible' must leave them out"
    )


def test_who_has_no_label_is_counted() -> None:
    described = contract("{kind: event, table: orders, horizon: 30 days, gap: 10 days}")
    checks = check_panel(described, panel(described, data(described)))
    assert checks[0].message == (
        "2 rows at 1 cut, 2026-03-01, without 1 who left between the cut and the horizon; at the last 3 customers "
        "exist, 3 are eligible; 2 rows of customers who had such an event before the cut: if nobody leaves twice, "
        "'eligible' must leave them out"
    )


def test_the_order_of_rows_and_their_number_at_a_time_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    described = contract(
        "{kind: value, table: orders, aggregate: sum, column: amount, horizon: 30 days}", task="regression"
    )
    rng = np.random.default_rng(0)
    orders = [
        (f"c{rng.integers(40)}", f"2026-{rng.integers(1, 12):02}-{rng.integers(1, 28):02}", float(rng.normal()))
        for _ in range(600)
    ]
    customers = sorted({who for who, *_ in orders})
    whole = panel(described, tables(described, orders, customers=customers))
    monkeypatch.setattr("tenure.features.horizon_labels.MAX_ROWS", 50)
    shuffled: list[Any] = [orders[number] for number in rng.permutation(len(orders))]
    parts = panel(described, tables(described, shuffled, customers=customers[::-1]))
    assert parts.table.equals(whole.table)
    assert parts.cuts == whole.cuts
