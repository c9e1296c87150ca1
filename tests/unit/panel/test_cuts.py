"""Cuts: fixed ones, and those counted back from the end of the data."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pytest
from panel_tables import contract, tables

from tenure.contract import Contract, parse
from tenure.errors import ContractError, DataError
from tenure.features.cuts import Cuts, cuts
from tenure.features.instants import instant_text
from tenure.features.tables import Tables

START = ("a", "2025-01-01T00:00", 1.0)
ROLLING = "{every: 30 days, count: 3}"


def found(described: Contract, *orders: tuple[str, str, float | None], plans: Sequence = ()) -> Cuts:
    made = described.assembly
    assert made is not None
    return cuts(made, tables(described, [START, *orders], plans))


def shown(result: Cuts, zone: str = "Europe/Berlin") -> list[str]:
    return [instant_text(instant, zone) for instant in result.instants]


class TestRolling:
    def test_the_day_of_the_last_row_may_be_unfinished(self) -> None:
        # 23:30 of 30 June in Berlin: complete up to the midnight before.
        result = found(contract(cuts=ROLLING), ("a", "2026-06-30T21:30", 1.0))
        assert shown(result) == ["2026-04-01", "2026-05-01", "2026-05-31"]
        # Half an hour after midnight: the day before is complete.
        result = found(contract(cuts=ROLLING), ("a", "2026-06-30T22:30", 1.0))
        assert shown(result) == ["2026-04-02", "2026-05-02", "2026-06-01"]

    def test_whole_days_are_complete(self) -> None:
        result = found(contract(cuts=ROLLING, time="date"), ("a", "2026-06-30", 1.0))
        assert shown(result) == ["2026-04-02", "2026-05-02", "2026-06-01"]

    def test_cuts_are_midnights_on_either_side_of_a_change_of_clocks(self) -> None:
        result = found(contract(cuts="{every: 10 days, count: 3}"), ("a", "2026-05-06T12:00", 1.0))
        assert shown(result) == ["2026-03-17", "2026-03-27", "2026-04-06"]
        hours = [(after - before) / 3.6e9 for before, after in zip(result.instants, result.instants[1:], strict=False)]
        assert hours == [240.0, 239.0]

    def test_gap_and_grace_lie_before_the_end_of_the_data(self) -> None:
        label = "{kind: lapse, table: plans, ends: ends, horizon: 30 days, gap: 7 days, grace: 3 days}"
        plans = [("a", "2025-01-01T00:00", "", "1", "on", None), ("a", "2026-06-30T12:00", "", "2", "on", None)]
        timed = found(contract(label, ROLLING, ends="timestamp"), plans=plans)
        assert shown(timed)[-1] == "2026-05-21"
        # A day in `ends` is part of the period: a day more until the grace is over.
        assert shown(found(contract(label, ROLLING), plans=plans))[-1] == "2026-05-20"

    def test_hours(self) -> None:
        label = "{kind: no_event, table: orders, horizon: 36 hours}"
        result = found(contract(label, "{every: 6 hours, count: 3}"), ("a", "2026-06-30T12:00", 1.0))
        assert shown(result) == ["2026-06-27T12:00", "2026-06-27T18:00", "2026-06-28"]

    def test_a_day_up_to_which_the_data_are_complete(self) -> None:
        described = contract(cuts="{every: 30 days, count: 3, until: 2026-06-30}")
        result = found(described, ("a", "2026-07-10T12:00", 1.0))
        assert shown(result)[-1] == "2026-05-31"
        assert not result.warnings
        late = found(described, ("a", "2026-06-10T12:00", 1.0))
        assert (
            "complete until the end of 2026-06-29, the last row is of 2026-06-10T14:00 (table 'orders')"
            in late.warnings[0]
        )

    def test_data_are_not_complete_up_to_a_day_in_the_future(self) -> None:
        described = contract(cuts="{every: 30 days, count: 3, until: 2199-12-31}")
        with pytest.raises(DataError, match=r"'cuts\.until' lies in the future, at 2199-12-31"):
            found(described, ("a", "2026-07-10T12:00", 1.0))

    def test_rows_that_are_known_before_their_time_do_not_prolong_the_data(self) -> None:
        label = "{kind: status, table: plans, status: status, to: [cancelled], horizon: 30 days}"
        plans = [
            ("a", "2025-01-01T00:00", "", "1", "active", None),
            ("a", "2026-06-30T12:00", "", "2", "active", None),
            ("a", "2027-12-31T00:00", "2026-06-29T12:00", "3", "cancelled", None),
        ]
        assert shown(found(contract(label, ROLLING), plans=plans))[-1] == "2026-05-31"

    def test_more_cuts_than_the_history_has_room_for(self) -> None:
        message = "2 of 3 cuts have: write 'count: 2' under 'cuts'"
        with pytest.raises(DataError, match=message):
            made = contract(cuts="{every: 300 days, count: 3}")
            found(made, ("a", "2026-06-30T12:00", 1.0))
        with pytest.raises(DataError, match="reach back before the year 1"):
            found(contract(cuts="{every: 36500 days, count: 1000}"), ("a", "2026-06-30T12:00", 1.0))


class TestFixed:
    def test_a_horizon_that_is_not_over(self) -> None:
        described = contract(cuts="[2026-03-01, 2026-05-01]")
        assert shown(found(described, ("a", "2026-05-31T00:00", 1.0))) == ["2026-03-01", "2026-05-01"]
        message = (
            "the cut 2026-05-01 needs rows of 'orders' until the end of 2026-05-30 to know the label, they are "
            "complete up to 2026-05-30, the day of the last, 2026-05-30T12:00: the latest cut that they cover is "
            "2026-04-30"
        )
        with pytest.raises(DataError, match=re.escape(message)):
            found(described, ("a", "2026-05-30T10:00", 1.0))

    def test_before_the_history(self) -> None:
        message = r"the cut 2025-01-01 has no row before it: the history starts on 2025-01-01T01:00 \(table 'orders'\)"
        with pytest.raises(DataError, match=message):
            found(contract(cuts="[2025-01-01]"), ("a", "2026-05-30T10:00", 1.0))

    def test_times_of_the_clock_with_and_without_an_offset(self) -> None:
        described = contract(cuts="[2026-03-01T06:30]")
        assert found(described, ("a", "2026-05-30T10:00", 1.0)).instants == (1772343000000000,)
        described = contract(cuts="['2026-03-01T06:30+00:00']")
        assert found(described, ("a", "2026-05-30T10:00", 1.0)).instants == (1772346600000000,)


class TestSparseLabels:
    """The last row of a rare event is no end of the data, where other tables go on."""

    LABEL = "{kind: status, table: plans, status: status, to: [cancelled], horizon: 30 days}"
    PLANS = (
        ("a", "2025-01-01T00:00", "", "1", "active", None),
        ("a", "2026-04-10T12:00", "", "2", "cancelled", None),
    )

    def test_a_fixed_cut_is_a_warning(self) -> None:
        result = found(contract(self.LABEL, "[2026-04-01]"), ("a", "2026-06-30T12:00", 1.0), plans=self.PLANS)
        assert result.warnings == (
            "the label of the cut 2026-04-01 needs rows of 'plans' until the end of 2026-04-30, they are complete up "
            "to 2026-04-10, the day of the last, 2026-04-10T14:00: later ones are taken not to exist, since rows of "
            "'orders' are complete up to 2026-06-30, the day of the last, 2026-06-30T14:00",
        )
        with pytest.raises(DataError, match="the latest cut that they cover is 2026-03-11"):
            found(contract(self.LABEL, "[2026-06-15]"), ("a", "2026-06-30T12:00", 1.0), plans=self.PLANS)

    def test_rolling_cuts_say_that_a_later_one_is_possible(self) -> None:
        described = contract(self.LABEL, ROLLING)
        result = found(described, ("a", "2026-06-30T12:00", 1.0), plans=self.PLANS)
        assert shown(result)[-1] == "2026-03-11"
        assert "if none is missing, write 'until: 2026-06-30' under 'cuts'" in result.warnings[0]
        until = contract(self.LABEL, ROLLING.replace("}", ", until: 2026-06-30}"))
        result = found(until, ("a", "2026-06-30T12:00", 1.0), plans=self.PLANS)
        assert (shown(result)[-1], result.warnings) == ("2026-05-31", ())
        assert not found(described, ("a", "2026-05-09T10:00", 1.0), plans=self.PLANS).warnings


def test_a_time_that_the_clock_shows_twice() -> None:
    label = "{kind: no_event, table: orders, horizon: 1 days}"
    described = contract(label, "{every: 30 minutes, count: 50, until: 2026-10-27}")
    result = found(described, ("a", "2026-10-27T12:00", 1.0))
    assert (len(result.instants), len(set(shown(result)))) == (48, 48)
    assert len([text for text in result.warnings if "twice: of the two cuts the first is left out" in text]) == 2


class TestWarnings:
    def test_windows_longer_than_the_history(self) -> None:
        described = contract(cuts="[2025-01-20]")
        warnings = found(described, ("a", "2026-05-30T10:00", 1.0)).warnings
        assert warnings == (
            "table 'orders' begins on 2025-01-01T01:00, too late for windows at the first cut, 2025-01-20: "
            "'orders_30' (the 30 days), 'spend' (the 30 days), 'active' (the 90 days)",
        )
        assert not found(contract(cuts="[2025-04-01]"), ("a", "2026-05-30T10:00", 1.0)).warnings

    def test_tables_that_end_early_or_are_empty(self) -> None:
        label = "{kind: status, table: plans, status: status, to: [cancelled], horizon: 30 days}"
        plans = [("a", "2025-01-01T00:00", "", "1", "active", None), ("a", "2026-06-30T12:00", "", "2", "active", None)]
        described = contract(label)
        assert "table 'orders' ends before the last cut, 2026-03-01" in found(described, plans=plans).warnings[0]
        made = described.assembly
        assert made is not None
        assert "table 'orders' is empty" in cuts(made, tables(described, [], plans)).warnings[0]

    def test_an_empty_table_of_the_label(self) -> None:
        described = contract()
        made = described.assembly
        assert made is not None
        with pytest.raises(DataError, match="table 'orders' is empty: the label is computed from it"):
            cuts(made, tables(described))


def test_whole_days_have_no_hours() -> None:
    message = "'label': 'gap': table 'orders' has whole days, which 12 hours are not: give it in days"
    with pytest.raises(ContractError, match=message):
        contract("{kind: no_event, table: orders, horizon: 30 days, gap: 12 hours}", time="date")


def test_days_of_rolling_cuts_lie_within_the_calendar() -> None:
    assert isinstance(contract(cuts="{every: 1 days, count: 2, until: 2199-12-31}"), Contract)
    with pytest.raises(ContractError, match="until"):
        contract(cuts="{every: 1 days, count: 2, until: 9999-12-31}")


def test_a_log_of_version_1_with_times_has_whole_days() -> None:
    described = parse(
        """
name: log
label: {horizon_days: 10}
events: {cuts: [2026-01-11], active_days: 10}
columns: {id: {type: string, role: key}, at: {type: timestamp, role: time}}
windows: {n: {aggregate: count, reason: r}}
"""
    )
    made = described.assembly
    assert made is not None
    moments = pa.array(["2026-01-01T10:00", "2026-01-20T08:00"]).cast(pa.timestamp("us"))
    log = Tables.of_arrow(described, {"events": pa.table({"id": ["a", "a"], "at": moments})})
    assert shown(cuts(made, log), "UTC") == ["2026-01-11"]
