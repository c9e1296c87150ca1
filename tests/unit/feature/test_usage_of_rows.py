"""Numbers of rows by what became of them: nothing is left out in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import as_of_tables
import pytest
from as_of_tables import Case, arrow, contract
from hypothesis import given, settings
from property_profiles import examples

from tenure.features.engines.memory import Memory
from tenure.features.instants import instant_of
from tenure.features.usage import Usage, usage

DAYS = [datetime(2024, 3, day, 12, tzinfo=UTC) for day in range(1, 10)]


def visit(customer: str, at: int, known: int, visit: str | None, amount: float = 1.0) -> dict[str, Any]:
    return {
        "customer": customer,
        "at": DAYS[at],
        "recorded": DAYS[known],
        "visit": visit,
        "amount": amount,
        "shop": "x",
    }


VISITS = [
    visit("a", 1, 1, "first"),
    visit("a", 1, 3, "first", amount=2.0),
    visit("a", 2, 2, "twin"),
    visit("a", 2, 2, "twin"),
    visit("a", 3, 2, None),
    visit("a", 2, 8, None),
    visit("a", 8, 8, None),
    visit("orphan", 1, 1, None),
]


@pytest.mark.parametrize("part_rows", [1, 1000])
def test_what_became_of_rows(part_rows: int) -> None:
    described = contract("UTC")
    rows: dict[str, as_of_tables.Rows] = {
        "customers": [{"id": name, "since": DAYS[0], "country": "x"} for name in ("a", "b")],
        "plans": [],
        "levels": [{"customer": "b", "day": date(2024, 3, 2), "seats": 1}],
        "orders": [{"customer": "b", "day": date(2024, 3, 2), "recorded": date(2024, 3, 4), "amount": 1, "shop": "x"}],
        "visits": VISITS,
    }
    instants = [instant_of(DAYS[day], "UTC") for day in (2, 4)]
    found = usage(described, arrow(described, rows), instants, Memory(part_rows))
    assert found["customers"] == Usage(rows=2, used=2)
    assert found["plans"] == Usage()
    assert found["levels"] == Usage(rows=1, used=1)
    assert found["orders"] == Usage(rows=1, used=1, late=1)
    assert found["visits"] == Usage(
        rows=8, orphaned=1, used=4, late=2, superseded=1, duplicates=1, known_before_time=1, not_yet=2
    )
    assert found["visits"].phrase == (
        "8 rows, 4 used, 1 orphaned, 2 late, 1 superseded, 1 duplicates, 1 known before their time, "
        "2 after the last instant"
    )


@given(case=as_of_tables.cases())
@settings(max_examples=examples(20))
def test_parts_add_up_to_the_whole(case: Case) -> None:
    whole = usage(case.contract, case.tables, [case.micros])
    assert whole == usage(case.contract, case.tables, [case.micros], Memory(part_rows=1))
    for name, rows in case.rows.items():
        counted = whole[name]
        assert counted.rows == len(rows)
        assert counted.used <= counted.rows - counted.orphaned - counted.not_yet
