"""The part of the horizon in which a customer leaves, against counting by hand and against shorter horizons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_tables import contract, tables
from property_profiles import examples

from tenure.contract import contract_hash
from tenure.contract.horizon_times import column_name
from tenure.errors import ContractError
from tenure.features.horizon_labels import parts_of
from tenure.features.panel import Panel, panel

BERLIN = ZoneInfo("Europe/Berlin")
HISTORY = [("z", "2025-01-01T00:00", None), ("z", "2026-12-01T00:00", None)]
"""Makes the orders begin before the cut and cover every horizon."""
END = ("z", "2026-12-01T00:00", "", "end", "active", None)
"""The same for plans."""

EVENT = "{kind: event, table: orders, horizon: 90 days, times: [30 days, 60 days]}"
KINDS = {
    "event": "kind: event, table: orders, where: amount > 5, gap: 7 days",
    "no_event": "kind: no_event, table: orders, gap: 7 days",
    "status": "kind: status, table: plans, status: status, to: [cancelled], gap: 7 days",
    "lapse": "kind: lapse, table: plans, ends: ends, grace: 5 days, gap: 7 days",
}


def column(found: Panel, name: str) -> dict[str, int]:
    return dict(zip(found.table.column("customer").to_pylist(), found.table.column(name).to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("at", "part"),
    [
        ("2026-02-28T22:59:59", 0),  # before the cut
        ("2026-02-28T23:00", 1),  # the cut, midnight in Berlin
        ("2026-03-30T21:59:59.999999", 1),  # the last microsecond of 30 days, of which one has 23 hours
        ("2026-03-30T22:00", 2),
        ("2026-04-29T21:59:59", 2),
        ("2026-04-29T22:00", 3),
        ("2026-05-29T21:59:59", 3),
        ("2026-05-29T22:00", 0),  # after the horizon
    ],
)
def test_parts_begin_at_midnights_of_the_zone(at: str, part: int) -> None:
    described = contract(EVENT)
    found = panel(described, tables(described, [("a", at, 1.0), *HISTORY]))
    assert column(found, "_part") == {"a": part, "b": 0, "c": 0}
    assert column(found, "_label")["a"] == (part > 0)


def test_the_first_of_several_events_counts() -> None:
    described = contract(EVENT)
    orders = [("a", "2026-04-10T12:00", 1.0), ("a", "2026-03-10T12:00", 1.0), ("b", "2026-05-10T12:00", 1.0), *HISTORY]
    assert column(panel(described, tables(described, orders)), "_part") == {"a": 1, "b": 3, "c": 0}


def test_of_silence_the_part_is_that_of_the_first_event() -> None:
    described = contract("{kind: no_event, table: orders, horizon: 90 days, times: [30 days, 60 days]}")
    orders = [("a", "2026-04-10T12:00", 1.0), ("a", "2026-05-10T12:00", 1.0), ("b", "2026-06-10T12:00", 1.0), *HISTORY]
    found = panel(described, tables(described, orders))
    assert column(found, "_part") == {"a": 2, "b": 0, "c": 0}
    assert column(found, "_label") == {"a": 0, "b": 1, "c": 1}


def test_parts_of_hours() -> None:
    described = contract("{kind: event, table: orders, horizon: 2 days, times: [90 minutes, 36 hours]}")
    orders = [
        ("a", "2026-03-01T00:29:59", 1.0),  # the cut is at 23:00 UTC
        ("b", "2026-03-01T00:30", 1.0),
        ("c", "2026-03-02T11:00", 1.0),
        *HISTORY,
    ]
    assert column(panel(described, tables(described, orders)), "_part") == {"a": 1, "b": 2, "c": 3}


MOMENTS = st.integers(0, 200 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
ORDERS = st.lists(st.tuples(st.sampled_from("abc"), MOMENTS, st.floats(0, 10)), max_size=12)
PERIODS = st.lists(
    st.tuples(st.sampled_from("abc"), MOMENTS, st.none() | MOMENTS, st.sampled_from(["active", "cancelled"])),
    max_size=9,
)


@given(orders=ORDERS)
@settings(max_examples=examples(40), deadline=None)
def test_parts_are_what_looking_at_each_event_gives(orders: list[tuple[str, datetime, float]]) -> None:
    described = contract(EVENT)
    rows = [(who, at.isoformat(), amount) for who, at, amount in orders]
    found = column(panel(described, tables(described, [*rows, *HISTORY])), "_part")
    cut = datetime(2026, 3, 1, tzinfo=BERLIN)
    # Arithmetic of zoned times is that of the clock.
    ends = [cut, *(cut + timedelta(days=days) for days in (30, 60, 90))]
    for who, part in found.items():
        first = min((at for key, at, _ in orders if key == who and at >= cut), default=None)
        expected = 0 if first is None else sum(first.astimezone(UTC) >= end.astimezone(UTC) for end in ends) % 4
        assert part == expected


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(orders=ORDERS, periods=PERIODS)
@settings(max_examples=examples(15), deadline=None)
def test_a_part_says_what_the_label_of_each_shorter_horizon_says(
    kind: str,
    orders: list[tuple[str, datetime, float]],
    periods: list[tuple[str, datetime, datetime | None, str]],
) -> None:
    given_orders = [*((who, at.isoformat(), amount) for who, at, amount in orders), *HISTORY]
    given_plans = [
        (who, start.isoformat(), "", str(number), status, end and end.isoformat())
        for number, (who, start, end, status) in enumerate(periods)
    ]
    running = [(who, "2026-01-01T00:00", "", f"r{who}", "active", None) for who in "abd"]

    def found(more: str) -> Panel:
        described = contract(f"{{{KINDS[kind]}, {more}}}", ends="timestamp")
        rows = tables(described, given_orders, [*given_plans, *running, END], customers="abcd")
        return panel(described, rows)

    whole = found("horizon: 90 days, times: [30d, 60d]")
    parts = column(whole, "_part")
    for number, days in enumerate((30, 60, 90), start=1):
        shorter = column(found(f"horizon: {days} days"), "_label")
        reached = {who: int(0 < part <= number) for who, part in parts.items()}
        assert {who: reached[who] if kind != "no_event" else 1 - reached[who] for who in shorter} == shorter
    assert found("horizon: 90 days").table.equals(whole.table.drop_columns("_part"))


def test_a_label_that_clocks_put_out_of_order_is_settled_where_it_first_is() -> None:
    labels = [np.array(values) for values in ([1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0])]
    assert parts_of(labels, 1).tolist() == [1, 2, 3, 0]
    assert parts_of([1 - each for each in labels], 0).tolist() == [1, 2, 3, 0]


def test_a_contract_without_times_has_the_hash_it_had() -> None:
    horizon = "{kind: event, table: orders, horizon: 90 days}"
    assert contract_hash(contract(horizon)) == contract_hash(contract(horizon.replace("90 days", "90d")))
    assert contract_hash(contract(horizon)) != contract_hash(contract(EVENT))
    # As version 2 of the format had it before it knew 'times'.
    assert contract_hash(contract(horizon)) == "31f67410dfb71b407c3126f341da1ab88ae99824bbe8f61ffe54124e0fb71775"


@pytest.mark.parametrize(
    ("times", "kind", "message"),
    [
        ("[60 days, 30 days]", "event", "'times' must be ascending and without repeats: 30 days comes after 60 days"),
        ("[30 days, 30 days]", "event", "'times' must be ascending and without repeats: 30 days comes after 30 days"),
        ("[24 hours, 1 day]", "event", "'times' must be ascending and without repeats: 1 day comes after 24 hours"),
        ("[30 days, 120 days]", "event", "'times' has 120 days, which is longer than the horizon of 90 days"),
        ("[90 days]", "event", "'times' has only the horizon of 90 days, which is predicted anyway"),
        ("[30 weeks]", "event", "'30 weeks' is not a duration"),
        ("30 days", "event", "'label.times'"),
        ("[30 days]", "value, aggregate: count", "'times' is for the kinds event, status, lapse and no_event"),
    ],
)
def test_times_that_are_refused_in_one_line(times: str, kind: str, message: str) -> None:
    label = f"{{kind: {kind}, table: orders, horizon: 90 days, times: {times}}}"
    with pytest.raises(ContractError) as error:
        contract(label, task="regression" if kind.startswith("value") else "classification")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_times_of_whole_days_are_days() -> None:
    with pytest.raises(ContractError, match="'times': table 'orders' has whole days, which 12 hours are not"):
        contract("{kind: event, table: orders, horizon: 90 days, times: [12 hours]}", time="date")


def test_times_may_end_with_the_horizon() -> None:
    described = contract("{kind: event, table: orders, horizon: 90 days, times: [30, 2160 hours]}")
    assert described.assembly is not None
    label = described.assembly.label
    assert [column_name(label.kind, time) for time in label.times] == [
        "probability_within_30d",
        "probability_within_90d",
    ]
    assert [str(end) for end in label.part_ends] == ["30 days", "90 days"]
    assert column_name("no_event", label.times[0]) == "probability_no_event_within_30d"
