"""The kinds of labels, against counting by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_tables import contract, tables
from property_profiles import examples

from tenure.features.panel import Panel, panel

BERLIN = ZoneInfo("Europe/Berlin")
HISTORY = [("z", "2025-01-01T00:00", None), ("z", "2026-12-01T00:00", None)]
"""Makes the orders begin before the cut and cover every horizon."""
END = ("z", "2026-12-01T00:00", "", "end", "active", None)
"""The same for plans."""


def labels(found: Panel) -> dict[str, Any]:
    return dict(zip(found.table.column("customer").to_pylist(), found.table.column("_label").to_pylist(), strict=True))


def left_out(found: Panel) -> dict[str, int]:
    return found.cuts[0].left_out


class TestNoEvent:
    @pytest.mark.parametrize(
        ("at", "label"),
        [
            ("2026-02-28T22:59:59", 1),  # 23:59:59 in Berlin, on the day before the cut
            ("2026-02-28T23:00", 0),  # the cut
            ("2026-03-29T23:30", 0),  # 1:30 in Berlin, summer time since a day
            ("2026-03-30T21:59:59.999999", 0),  # the last microsecond
            ("2026-03-30T22:00", 1),  # midnight of 31 March in Berlin
        ],
    )
    def test_the_horizon_is_of_calendar_days_of_the_zone(self, at: str, label: int) -> None:
        described = contract()
        found = panel(described, tables(described, [("a", at, 1.0), *HISTORY]))
        assert labels(found)["a"] == label
        assert labels(found)["b"] == 1

    @pytest.mark.parametrize(("at", "label"), [("2026-03-07T22:59", 1), ("2026-03-07T23:00", 0)])
    def test_the_gap_is_no_part_of_it(self, at: str, label: int) -> None:
        described = contract("{kind: no_event, table: orders, horizon: 30 days, gap: 7 days}")
        found = panel(described, tables(described, [("a", at, 1.0), *HISTORY]))
        assert labels(found)["a"] == label
        assert left_out(found) == {}

    def test_where_chooses_rows(self) -> None:
        described = contract("{kind: no_event, table: orders, where: amount > 5, horizon: 30 days}")
        orders = [
            ("a", "2026-03-05T12:00", 5.0),
            ("b", "2026-03-05T12:00", 6.0),
            ("c", "2026-03-05T12:00", None),
            *HISTORY,
        ]
        assert labels(panel(described, tables(described, orders))) == {"a": 1, "b": 0, "c": 1}

    @pytest.mark.parametrize(("day", "label"), [(-1, 1), (0, 0), (29, 0), (30, 1)])
    def test_whole_days_count_from_the_day_of_the_cut_on(self, day: int, label: int) -> None:
        described = contract(time="date", cuts="[2026-03-01T06:00]")
        at = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)).isoformat()
        found = panel(described, tables(described, [("a", at, 1.0), *HISTORY]))
        assert labels(found)["a"] == label
        # What the features see ends where the label begins.
        assert found.table.column("orders_7").to_pylist()[0] == float(day < 0)


class TestEvent:
    def test_an_event_in_the_gap_leaves_the_customer_out(self) -> None:
        described = contract("{kind: event, table: orders, horizon: 30 days, gap: 7 days}")
        orders = [
            ("a", "2026-03-05T12:00", 1.0),
            ("b", "2026-03-10T12:00", 1.0),
            ("c", "2026-02-10T12:00", 1.0),
            *HISTORY,
        ]
        found = panel(described, tables(described, orders))
        assert labels(found) == {"b": 1, "c": 0}
        assert left_out(found) == {"left between the cut and the horizon": 1}
        assert (found.cuts[0].customers, found.cuts[0].eligible, found.cuts[0].rows) == (3, 3, 2)
        assert found.cuts[0].label == 0.5


class TestValue:
    def test_sum_and_count_of_the_horizon(self) -> None:
        orders = [
            ("a", "2026-03-05T12:00", 1.5),
            ("a", "2026-03-06T12:00", None),
            ("a", "2026-03-07T12:00", 2.0),
            ("a", "2026-05-07T12:00", 9.0),
            ("b", "2026-02-07T12:00", 9.0),
            *HISTORY,
        ]
        for aggregate, expected in (("sum, column: amount", 3.5), ("count", 3.0)):
            label = f"{{kind: value, table: orders, aggregate: {aggregate}, horizon: 30 days}}"
            described = contract(label, task="regression")
            assert labels(panel(described, tables(described, orders))) == {"a": expected, "b": 0.0, "c": 0.0}


class TestStatus:
    LABEL = "{kind: status, table: plans, status: status, to: [cancelled, expired], horizon: 30 days, gap: 7 days}"

    def found(self, *plans: tuple[str, str, str, str | None, str | None]) -> Panel:
        described = contract(self.LABEL)
        orders = [("a", "2026-01-01T00:00", 1.0)]
        return panel(described, tables(described, orders, [*((*plan, None) for plan in plans), END]))

    def test_the_value_becomes_one_of_them_in_the_horizon(self) -> None:
        found = self.found(
            ("a", "2026-01-01T00:00", "", "1", "active"),
            ("a", "2026-03-20T00:00", "", "2", "cancelled"),
            ("b", "2026-01-01T00:00", "", "3", "active"),
            ("b", "2026-04-20T00:00", "", "4", "cancelled"),
        )
        assert labels(found) == {"a": 1, "b": 0, "c": 0}
        assert found.table.column("status").to_pylist() == ["active", "active", None]

    def test_who_has_it_at_the_cut_is_not_eligible(self) -> None:
        found = self.found(
            ("a", "2026-01-01T00:00", "", "1", "active"),
            ("a", "2026-02-20T00:00", "", "2", "cancelled"),
            ("b", "2026-02-20T00:00", "", "3", "expired"),
            ("b", "2026-03-20T00:00", "", "4", "active"),
        )
        assert labels(found) == {"c": 0}
        assert (found.cuts[0].customers, found.cuts[0].eligible, left_out(found)) == (3, 1, {})

    def test_who_gets_it_in_the_gap_is_left_out(self) -> None:
        found = self.found(
            ("a", "2026-01-01T00:00", "", "1", "active"),
            ("a", "2026-03-02T00:00", "", "2", "cancelled"),
            ("a", "2026-03-05T00:00", "", "3", "active"),
            ("a", "2026-03-20T00:00", "", "4", "cancelled"),
        )
        assert labels(found) == {"b": 0, "c": 0}
        assert left_out(found) == {"left between the cut and the horizon": 1}

    def test_from_one_of_them_to_another_is_no_change(self) -> None:
        found = self.found(
            ("a", "2026-02-01T00:00", "2026-03-05T00:00", "1", "cancelled"),  # not known at the cut
            ("a", "2026-03-20T00:00", "", "2", "expired"),
        )
        assert labels(found) == {"b": 0, "c": 0}
        assert left_out(found) == {"had left at the cut": 1}

    def test_the_latest_version_of_a_row_counts(self) -> None:
        found = self.found(
            ("a", "2026-01-01T00:00", "", "1", "active"),
            ("a", "2026-03-20T00:00", "", "2", "cancelled"),
            ("a", "2026-03-20T00:00", "2026-06-01T00:00", "2", "active"),  # entered by mistake
            ("b", "2026-03-20T00:00", "", "3", "active"),
            ("b", "2026-03-20T00:00", "2026-06-01T00:00", "3", "cancelled"),
        )
        assert labels(found) == {"a": 0, "b": 1, "c": 0}

    def test_of_rows_at_one_time_the_last_by_id_holds(self) -> None:
        rows = [
            ("a", "2026-03-20T00:00", "", "2", "active"),
            ("a", "2026-03-20T00:00", "", "1", "cancelled"),
            ("b", "2026-01-01T00:00", "", "3", "cancelled"),
            ("b", "2026-01-01T00:00", "", "4", "active"),
        ]
        for ordered in (rows, rows[::-1]):
            assert labels(self.found(*ordered)) == {"a": 1, "b": 0, "c": 0}


class TestLapse:
    LABEL = "{kind: lapse, table: plans, ends: ends, horizon: 30 days, gap: 7 days, grace: 5 days}"

    def found(self, *periods: tuple[str, str, str | None], ends: str = "date", grace: str = "5 days") -> Panel:
        described = contract(self.LABEL.replace("5 days", grace), ends=ends)
        plans = [(who, start, "", str(number), "on", end) for number, (who, start, end) in enumerate(periods)]
        return panel(described, tables(described, [("a", "2026-01-01T00:00", 1.0)], [*plans, END]))

    def test_a_period_that_is_not_followed(self) -> None:
        found = self.found(
            ("a", "2026-02-15T00:00", "2026-03-15T00:00"),
            ("b", "2026-02-15T00:00", "2026-03-15T00:00"),
            ("b", "2026-03-18T00:00", "2026-04-18T00:00"),
            ("c", "2026-02-15T00:00", None),
        )
        assert labels(found) == {"a": 1, "b": 0, "c": 0}

    @pytest.mark.parametrize(
        ("ends", "start", "label"),
        [
            ("timestamp", "2026-03-20T10:00", 0),  # five days after the end, at the same time
            ("timestamp", "2026-03-20T10:00:01", 1),
            ("date", "2026-03-20T23:00", 0),  # the period ends with 15 March; 21 March begins in Berlin
            ("date", "2026-03-20T23:00:01", 1),
        ],
    )
    def test_the_grace(self, ends: str, start: str, label: int) -> None:
        found = self.found(("a", "2026-02-15T00:00", "2026-03-15T10:00"), ("a", start, "2026-05-01T00:00"), ends=ends)
        assert labels(found)["a"] == label

    def test_consecutive_days_need_no_grace(self) -> None:
        described = contract("{kind: lapse, table: plans, ends: ends, horizon: 30 days}")
        plans = [
            ("a", "2026-02-14T23:00", "", "1", "on", "2026-03-14T00:00"),
            ("a", "2026-03-14T23:00", "", "2", "on", "2026-04-14T00:00"),  # begins on 15 March in Berlin
            END,
        ]
        found = panel(described, tables(described, [("a", "2026-01-01T00:00", 1.0)], plans))
        assert labels(found) == {"a": 0}

    def test_who_lapses_in_the_gap_or_has_no_running_period_is_left_out(self) -> None:
        found = self.found(
            ("a", "2026-02-01T00:00", "2026-03-03T00:00"),
            ("b", "2026-01-01T00:00", "2026-02-20T00:00"),
            ("c", "2026-02-01T00:00", "2026-03-20T00:00"),
        )
        assert labels(found) == {"c": 1}
        assert left_out(found) == {"had left at the cut": 1, "left between the cut and the horizon": 1}
        assert "1 of 3 eligible rows are customers without a running period" in " ".join(found.warnings)

    def test_a_longer_period_inside_which_others_end(self) -> None:
        found = self.found(
            ("a", "2026-01-01T00:00", "2026-12-31T00:00"),
            ("a", "2026-02-01T00:00", "2026-03-20T00:00"),
            ("b", "2026-02-01T00:00", "2026-03-20T00:00"),
            ("b", "2026-02-02T00:00", "2026-03-20T00:00"),
        )
        assert labels(found) == {"a": 0, "b": 1}


MOMENTS = st.integers(0, 120 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
PERIODS = st.lists(st.tuples(st.sampled_from("ab"), MOMENTS, st.none() | MOMENTS), max_size=8)


@given(periods=PERIODS, grace=st.integers(1, 20))
@settings(max_examples=examples(60), deadline=None)
def test_lapses_are_what_looking_at_each_period_gives(
    periods: list[tuple[str, datetime, datetime | None]], grace: int
) -> None:
    described = contract(
        f"{{kind: lapse, table: plans, ends: ends, horizon: 30 days, grace: {grace} days}}", ends="timestamp"
    )
    plans = [
        (who, start.isoformat(), "", str(number), "on", end and end.isoformat())
        for number, (who, start, end) in enumerate(periods)
    ]
    running = ("c", "2026-01-01T00:00", "", "c", "on", None)
    found = labels(panel(described, tables(described, [("a", "2026-01-01T00:00", 1.0)], [*plans, running, END])))
    cut, end = datetime(2026, 3, 1, tzinfo=BERLIN), datetime(2026, 3, 31, tzinfo=BERLIN)

    def later(moment: datetime) -> datetime:
        # Arithmetic of zoned times is that of the clock; in UTC for the comparison.
        return (moment.astimezone(BERLIN) + timedelta(days=grace)).astimezone(UTC)

    for who in "ab":
        own = [(start, stop) for key, start, stop in periods if key == who]
        runs = any(start < cut and (stop is None or stop >= cut) for start, stop in own)
        lapsed = [
            stop
            for _, stop in own
            if stop is not None
            and not any((other is None or other > stop) and begin <= later(stop) for begin, other in own)
        ]
        assert (who in found) == runs
        if runs:
            assert found[who] == any(cut <= stop < end for stop in lapsed)
