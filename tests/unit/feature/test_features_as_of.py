"""Features as of an instant, by ``tenure.features.at``, against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import as_of_tables
import hand_counted
import numpy as np
import pyarrow as pa
import pytest
from as_of_tables import Case, arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import parse
from tenure.features import at
from tenure.features.engines.memory import Memory
from tenure.features.instants import parse_instant
from tenure.features.tables import Tables


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


@given(case=as_of_tables.cases(), hours=st.lists(st.integers(-60, 60), max_size=3), part_rows=st.integers(1, 9))
@settings(max_examples=examples(30))
def test_instants_and_parts_of_customers_change_nothing(case: Case, hours: list[int], part_rows: int) -> None:
    instants = [case.micros + 3_600_000_000 * hour for hour in [0, *hours]]
    together = pa.Table.from_batches(Memory(part_rows).panel(case.contract, case.tables, instants))
    alone = [at(case.contract, case.tables, instant).drop_columns(["cut"]) for instant in sorted(set(instants))]
    ordered = together.sort_by([("cut", "ascending"), (case.assembly.key, "ascending")]).drop_columns(["cut"])
    # Where the clock shows the same time twice, the cut does not say which of them it is.
    if len(together.column("cut").unique()) == len([each for each in alone if each.num_rows]):
        assert ordered.equals(pa.concat_tables(alone))


def test_conditions_see_the_local_clock() -> None:
    described = parse("""
version: 2
name: clock
zone: Europe/Berlin
tables:
  visits:
    kind: events
    columns: {who: {type: string, role: key}, at: {type: timestamp, role: time}, day: {type: date}}
windows:
  in_april: {aggregate: count, where: month(at) == 4, reason: r}
  from_april: {aggregate: count, where: at >= "2024-04-01", reason: r}
  planned: {aggregate: count, where: day == "2024-04-01", reason: r}
label: {kind: no_event, table: visits, horizon: 5 days}
cuts: [2024-05-01]
""")
    moments = ["2024-03-31T21:59:59", "2024-03-31T22:00:00", "2024-04-01T12:00:00"]
    visits = {
        "who": ["a"] * 3,
        "at": pa.array(np.array(moments, dtype="datetime64[us]")),
        "day": pa.array([date(2024, 4, 1), None, date(2024, 4, 2)]),
    }
    tables = Tables.of_arrow(described, {"visits": pa.table(visits)})
    found = at(described, tables, parse_instant("2024-05-01", "Europe/Berlin")).to_pylist()
    assert found == [{"who": "a", "cut": date(2024, 5, 1), "in_april": 2.0, "from_april": 2.0, "planned": 1.0}]


@pytest.mark.parametrize(
    ("text", "cut"),
    [("2024-03-31", date(2024, 3, 31)), ("2024-03-31T06:30", datetime(2024, 3, 31, 6, 30))],  # noqa: DTZ001
)
def test_the_cut_is_what_the_clock_shows(text: str, cut: date) -> None:
    described = as_of_tables.contract("Europe/Berlin")
    rows: dict[str, as_of_tables.Rows] = {
        "customers": [{"id": "a", "since": datetime(2024, 1, 1, tzinfo=UTC), "country": "x"}]
    }
    found = at(described, arrow(described, rows), parse_instant(text, "Europe/Berlin"))
    assert found.column("cut").to_pylist() == [cut]
    assert found.schema.field("cut").type == (pa.timestamp("us") if isinstance(cut, datetime) else pa.date32())


def test_a_day_that_begins_at_one_is_a_day() -> None:
    described = as_of_tables.contract("America/Havana", with_entity=False)
    rows: dict[str, as_of_tables.Rows] = {
        "orders": [
            {"customer": "a", "day": day, "recorded": day, "amount": 1.0, "shop": "x"}
            for day in (date(2024, 3, 8), date(2024, 3, 9), date(2024, 3, 10))
        ]
    }
    found = at(described, arrow(described, rows), parse_instant("2024-03-10", "America/Havana")).to_pylist()
    assert [(row["cut"], row["orders_count"], row["orders_trend_sum"]) for row in found] == [(date(2024, 3, 10), 2, 0)]


def test_values_of_columns_keep_their_type() -> None:
    described = parse("""
version: 2
name: types
zone: UTC
tables:
  orders:
    kind: events
    columns:
      who: {type: integer, role: key}
      at: {type: timestamp, role: time}
      due: {type: date, nullable: true}
      paid: {type: timestamp, nullable: true}
      item: {type: category, nullable: true}
      large: {type: boolean, nullable: true}
      pieces: {type: integer, nullable: true}
windows:
  due: {aggregate: first, column: due, reason: r}
  paid: {aggregate: mode, column: paid, reason: r}
  item: {aggregate: last, column: item, reason: r}
  large: {aggregate: last, column: large, reason: r}
  pieces: {aggregate: mode, column: pieces, reason: r}
label: {kind: no_event, table: orders, horizon: 5 days}
cuts: [2024-05-01]
""")
    moments = np.array(["2024-04-01T01:00", "2024-04-02", "2024-04-03"], dtype="datetime64[us]")
    orders = {
        "who": [7, 7, 8],
        "at": pa.array(moments),
        "due": pa.array([None, date(2024, 4, 9), None]),
        "paid": pa.array([moments[0], moments[0], None], pa.timestamp("us")),
        "item": pa.array(["x", None, None]),
        "large": pa.array([False, True, None]),
        "pieces": pa.array([2**53 + 1, 2, None]),
    }
    tables = Tables.of_arrow(described, {"orders": pa.table(orders)})
    found = at(described, tables, parse_instant("2024-05-01", "UTC"))
    first, second = found.to_pylist()
    assert first == {
        "who": 7,
        "cut": date(2024, 5, 1),
        "due": date(2024, 4, 9),
        "paid": moments[0].astype(object),
        "item": "x",
        "large": 1.0,
        "pieces": 2.0,
    }
    assert set(second.values()) == {8, date(2024, 5, 1), None}
