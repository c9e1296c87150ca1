"""The panel of an event log of whole days: what was before the cut, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.features.panel import panel
from tenure.features.tables import Tables

START = date(2024, 1, 1)
CUTS = (date(2024, 2, 1), date(2024, 3, 1))
AGGREGATES = {
    "n": ("count", None, None),
    "n10": ("count", None, 10),
    "total": ("sum", "amount", None),
    "total10": ("sum", "amount", 10),
    "average": ("mean", "amount", 20),
    "least": ("min", "amount", None),
    "most": ("max", "amount", 10),
    "shops": ("distinct", "shop", 20),
    "amounts": ("distinct", "amount", None),
    "since": ("recency", None, None),
    "known": ("age", None, None),
    "known10": ("age", None, 10),
}


def contract(cuts: tuple[date, ...] = CUTS, horizon: int = 20, active: int = 15, number: str = "") -> Contract:
    windows = ""
    for name, (kind, column, days) in AGGREGATES.items():
        over = f", column: {column}" if column else ""
        windows += f"  {name}: {{aggregate: {kind}, reason: r{over}{f', days: {days}' if days else ''}}}\n"
    return parse(f"""
name: log
{"task: regression" if number else ""}
label: {{horizon_days: {horizon}{number}}}
events: {{cuts: [{", ".join(map(str, cuts))}], active_days: {active}}}
columns:
  who: {{type: string, role: key}}
  day: {{type: date, role: time}}
  amount: {{type: number, nullable: true}}
  shop: {{type: category, nullable: true}}
windows:
{windows}""")


Event = tuple[str, date, float | None, str | None]


def batches(events: list[Event], size: int = 1000) -> list[pa.RecordBatch]:
    columns = list(zip(*events, strict=True)) if events else [[]] * 4
    types = {"who": pa.string(), "day": pa.date32(), "amount": pa.float64(), "shop": pa.string()}
    arrays = {name: pa.array(list(values), kind) for (name, kind), values in zip(types.items(), columns, strict=True)}
    return pa.table(arrays).to_batches(size)


def snapshots(described: Contract, log: list[pa.RecordBatch]) -> pa.Table:
    return panel(described, Tables.of_arrow(described, {"events": pa.Table.from_batches(log)})).table


def by_hand(events: list[Event], who: str, cut: date, name: str) -> float | None:
    kind, column, days = AGGREGATES[name]
    first = date.min if days is None else cut - timedelta(days=days)
    inside = [event for event in events if event[0] == who and first <= event[1] < cut]
    moments = [event[1] for event in inside]
    if kind == "count":
        return float(len(inside))
    if kind in ("recency", "age"):
        return float((cut - (max if kind == "recency" else min)(moments)).days) if inside else None
    values = [event[2 if column == "amount" else 3] for event in inside]
    known: list[Any] = [value for value in values if value is not None]
    if kind == "distinct":
        return float(len(set(known)))
    if kind == "sum":
        return float(sum(known))
    return {"mean": np.mean, "min": min, "max": max}[kind](known) if known else None  # type: ignore[operator]


LAST = ("zz", date(2024, 3, 20), None, None)
"""Makes the log cover the last horizon."""
events_of_log = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 79).map(lambda days: START + timedelta(days=days)),
        st.none() | st.integers(0, 5).map(float),
        st.none() | st.sampled_from("xyz"),
    ),
    max_size=40,
).map(
    lambda events: [("a", START, 1.0, "x"), *(("a", cut - timedelta(days=1), 2.0, "y") for cut in CUTS), *events, LAST]
)


@given(events=events_of_log, size=st.integers(1, 50))
@settings(max_examples=examples(100))
def test_every_value_is_what_counting_by_hand_gives(events: list[Event], size: int) -> None:
    table = snapshots(contract(), batches(events, size))
    found = {(row["who"], row["cut"]): row for row in table.to_pylist()}
    assert len(found) == table.num_rows
    for cut in CUTS:
        for who in {event[0] for event in events}:
            active = any(cut - timedelta(days=15) <= day < cut for name, day, *_ in events if name == who)
            assert ((who, cut) in found) == active
            if not active:
                continue
            row = found[who, cut]
            assert row["_label"] == (not any(cut <= e[1] < cut + timedelta(days=20) for e in events if e[0] == who))
            for name in AGGREGATES:
                assert row[name] == pytest.approx(by_hand(events, who, cut, name)), name


@given(events=events_of_log, kind=st.sampled_from(["sum", "count"]))
@settings(max_examples=examples(50))
def test_the_number_of_a_regression_is_what_the_horizon_holds(
    events: list[Event], kind: Literal["sum", "count"]
) -> None:
    churn = contract()
    described = contract(number=", aggregate: sum, column: amount" if kind == "sum" else ", aggregate: count")
    table = snapshots(described, batches(events))
    assert table.drop_columns(["_label"]).equals(snapshots(churn, batches(events)).drop_columns(["_label"]))
    assert table.schema.field("_label").type == pa.float64()
    for row in table.to_pylist():
        cut = row["cut"]
        inside = [e for e in events if e[0] == row["who"] and cut <= e[1] < cut + timedelta(days=20)]
        expected = len(inside) if kind == "count" else sum(event[2] or 0.0 for event in inside)
        assert row["_label"] == pytest.approx(expected)


@given(events=events_of_log, later=events_of_log)
@settings(max_examples=examples(60))
def test_events_from_the_cut_on_never_change_a_feature(events: list[Event], later: list[Event]) -> None:
    cut = CUTS[0]
    one = contract((cut,))
    before = [event for event in events if event[1] < cut]
    first = snapshots(one, batches([*before, LAST]))
    second = snapshots(one, batches([*before, *[event for event in later if event[1] >= cut], LAST]))
    assert first.drop_columns(["_label"]).equals(second.drop_columns(["_label"]))


@given(events=events_of_log, order=st.randoms())
@settings(max_examples=examples(30))
def test_order_of_events_makes_no_difference(events: list[Event], order: Any) -> None:
    shuffled = list(events)
    order.shuffle(shuffled)
    assert snapshots(contract(), batches(events)).equals(snapshots(contract(), batches(shuffled)))


def test_table() -> None:
    events: list[Event] = [
        ("b", date(2024, 1, 20), 1.0, "x"),
        ("a", date(2024, 1, 31), 2.0, None),
        LAST,
        ("a", CUTS[0], 9.0, "x"),
    ]
    table = snapshots(contract((CUTS[0],)), batches(events))
    assert table.column_names == ["who", "cut", *AGGREGATES, "_label", "_row"]
    assert table.column("who").to_pylist() == ["a", "b"]
    assert table.schema.field("cut").type == pa.date32()
    assert table.schema.field("_label").type == pa.int8()
    assert table.column("_label").to_pylist() == [0, 1]
    assert table.column("_row").to_pylist() == [1, 2]


def test_the_cut_day_belongs_to_the_horizon() -> None:
    cut, one = CUTS[0], contract((CUTS[0],))
    base: list[Event] = [("a", cut - timedelta(days=1), 1.0, None), LAST]
    for days, stayed in ((0, True), (19, True), (20, False)):
        table = snapshots(one, batches([*base, ("a", cut + timedelta(days=days), 5.0, None)]))
        assert table.column("_label").to_pylist() == [0 if stayed else 1]
        assert table.column("n").to_pylist() == [1.0]


def test_a_horizon_that_the_log_does_not_cover() -> None:
    one = contract((date(2024, 3, 1),))
    events: list[Event] = [("a", date(2024, 2, 20), 1.0, None), ("a", date(2024, 3, 20), 1.0, None)]
    assert snapshots(one, batches(events)).num_rows == 1
    short: list[Event] = [("a", date(2024, 2, 20), 1.0, None), ("a", date(2024, 3, 19), 1.0, None)]
    message = (
        "the cut 2024-03-01 needs rows of 'events' until the end of 2024-03-20 .* end on 2024-03-19: "
        "the latest cut that they cover is 2024-02-29"
    )
    with pytest.raises(DataError, match=message):
        snapshots(one, batches(short))


def test_logs_that_cannot_be_looked_back_on() -> None:
    with pytest.raises(DataError, match="table 'events' is empty"):
        snapshots(contract(), [batches([LAST])[0].slice(0, 0)])
    with pytest.raises(DataError, match="the cut 2024-02-01 has no row before it: the history starts on 2024-02-01"):
        snapshots(contract(), batches([("a", CUTS[0], 1.0, None), LAST]))
    with pytest.raises(
        DataError, match=r"no customer is eligible at any of the 2 cuts from 2024-02-01 on: .* over the 15 days"
    ):
        snapshots(contract(), batches([("a", START, 1.0, None), LAST]))
    columns = {"who": pa.array([None], pa.string()), "day": [LAST[1]], "amount": [1.0], "shop": ["x"]}
    with pytest.raises(DataError, match="table 'events': no 'who' in 1 row"):
        snapshots(contract(), [*batches([("a", START, 1.0, None)]), pa.RecordBatch.from_pydict(columns)])


def test_timestamps_count_by_their_day() -> None:
    text = contract((CUTS[0],))
    moments = ["2024-01-31T23:59:59.999999", "2024-02-01T00:00:00", "2024-03-20T12:00:00"]
    columns = {
        "who": ["a", "a", "a"],
        "day": pa.array(np.array(moments, dtype="datetime64[us]")),
        "amount": [1.0, 2.0, 3.0],
        "shop": ["x", "y", "z"],
    }
    table = snapshots(text, [pa.RecordBatch.from_pydict(columns)])
    assert (table.column("n").to_pylist(), table.column("total").to_pylist()) == ([1.0], [1.0])
    assert table.column("since").to_pylist() == [1.0]


def test_timestamps_before_1970_belong_to_their_day_too() -> None:
    old = contract((date(1960, 6, 1),))
    moments = np.array(["1960-05-31T23:00:00", "1960-06-25T01:00:00"], dtype="datetime64[us]")
    columns = {"who": ["a", "a"], "day": pa.array(moments), "amount": [1.0, 2.0], "shop": ["x", "y"]}
    assert snapshots(old, [pa.RecordBatch.from_pydict(columns)]).column("since").to_pylist() == [1.0]


def test_days_before_1970() -> None:
    old = contract((date(1960, 6, 1),))
    events: list[Event] = [("a", date(1960, 5, 30), 1.0, "x"), ("a", date(1960, 6, 30), 1.0, "x")]
    assert snapshots(old, batches(events)).column("since").to_pylist() == [2.0]
