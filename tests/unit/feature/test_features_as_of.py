"""Features as of an instant, by ``tenure.features.at``, against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import as_of_tables
import hand_counted
import numpy as np
import pytest
from as_of_tables import Case, arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.features import at


@given(case=as_of_tables.cases())
@settings(max_examples=examples(100))
def test_every_value_is_what_counting_by_hand_gives(case: Case) -> None:
    found = at(case.contract, case.tables, case.micros).to_pylist()
    expected = hand_counted.features(case.assembly, case.rows, case.instant)
    assert [row[case.assembly.key] for row in found] == [row[case.assembly.key] for row in expected]
    for row, by_hand in zip(found, expected, strict=True):
        for name, value in by_hand.items():
            close = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            assert row[name] == close, name


@given(case=as_of_tables.cases(), order=st.randoms())
@settings(max_examples=examples(50))
def test_the_order_of_rows_never_matters(case: Case, order: Any) -> None:
    shuffled = replace(case, rows={name: order.sample(own, len(own)) for name, own in case.rows.items()})
    found = at(case.contract, case.tables, case.micros)
    assert found.equals(at(case.contract, shuffled.tables, case.micros))


@given(case=as_of_tables.cases(), later=st.data())
@settings(max_examples=examples(50))
def test_rows_that_are_not_known_yet_change_nothing(case: Case, later: Any) -> None:
    more = later.draw(as_of_tables.tables(case.zone))
    unknown = {name: [row for row in more[name] if _is_later(case, name, row)] for name in case.rows}
    for name, row_id in (("plans", "change"), ("visits", "visit")):
        known = [(row["customer"], row[row_id], row["recorded"]) for row in case.rows[name]]
        unknown[name] = [row for row in unknown[name] if (row["customer"], row[row_id], row["recorded"]) not in known]
    both = {name: [*own, *unknown[name]] for name, own in case.rows.items()}
    found = at(case.contract, case.tables, case.micros)
    assert found.equals(at(case.contract, arrow(case.contract, both), case.micros))


def _is_later(case: Case, name: str, row: dict[str, Any]) -> bool:
    """Whether the row becomes known after the instant, of a day more than a day later."""
    table = case.assembly.tables[name]
    known = row[str(table.known_at or table.time)]
    if isinstance(known, datetime):
        return known > case.instant
    return bool(known > case.instant.date() + timedelta(days=1))


@given(case=as_of_tables.cases(), some=st.lists(as_of_tables.KEYS, unique=True))
@settings(max_examples=examples(30))
def test_some_customers_are_a_part_of_all(case: Case, some: list[str]) -> None:
    everybody = at(case.contract, case.tables, case.micros)
    chosen = at(case.contract, case.tables, case.micros, customers=some)
    assert chosen.equals(everybody.filter(np.isin(everybody.column(case.assembly.key).to_pylist(), some)))
