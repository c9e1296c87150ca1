"""Validation of several tables: each against the contract, and all against the customers of the entity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.validate.logic import run as validate_step
from tenure.checks import Check, Validation
from tenure.checks.completion import complete
from tenure.checks.validate import validate
from tenure.contract import Contract, parse
from tenure.contract.sources import table_folder
from tenure.errors import DataError
from tenure.intake.ingest import ingest
from tenure.report.validation import write_page
from tenure.stats import Profile

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTRACT = """
version: 2
name: video
zone: Europe/Berlin
tables:
  people:
    kind: entity
    columns:
      id: {type: string, role: key}
      since: {type: timestamp, role: time}
      age: {type: number, range: [0, 120]}
      gender: {type: category, role: sensitive}
  plans:
    kind: history
    columns:
      person: {type: string, role: key}
      valid_from: {type: timestamp, role: time}
      plan: {type: category, values: [basic, plus]}
  sessions:
    kind: events
    columns:
      person: {type: string, role: key}
      started: {type: timestamp, role: time}
      sent: {type: timestamp, role: known_at}
      number: {type: string, role: row_id}
      minutes: {type: number, range: [0, null]}
windows:
  minutes: {table: sessions, aggregate: sum, column: minutes, days: 30, reason: r}
label: {kind: no_event, table: sessions, horizon: 30 days}
cuts: {every: 30 days, count: 2, until: last}
quality: {min_rows: 50}
"""
Rows = list[dict[str, Any]]


def person(number: int, /, **changes: Any) -> dict[str, Any]:
    row = {"id": f"p{number}", "since": "2026-01-01T10:00:00", "age": 30 + number % 40, "gender": "fm"[number % 2]}
    return row | changes


def plan(number: int, /, **changes: Any) -> dict[str, Any]:
    return {"person": f"p{number}", "valid_from": "2026-01-02T10:00:00", "plan": "basic"} | changes


def session(number: int, /, **changes: Any) -> dict[str, Any]:
    row = {"person": f"p{number}", "started": "2026-05-20T10:00:00", "sent": "2026-05-20T10:00:00"}
    return row | {"number": f"s{number}", "minutes": 5.0} | changes


def rows(**more: Rows) -> dict[str, Rows]:
    """100 people with a plan and a session each, and more rows of some tables."""
    found = {
        "people": [person(number) for number in range(100)],
        "plans": [plan(number) for number in range(100)],
        "sessions": [session(number) for number in range(100)],
    }
    return {name: [*table, *more.get(name, [])] for name, table in found.items()}


def checked(folder: Path, tables: Mapping[str, Rows], contract: str | Contract = CONTRACT) -> Validation:
    described = parse(contract) if isinstance(contract, str) else contract
    instead = {name: pa.Table.from_pylist(table) for name, table in tables.items()}
    ingest(described, folder / "raw", instead=instead)
    found = validate(described, folder / "raw", folder / "valid", NOW)
    page = folder / "valid" / "validation.html"
    write_page(page, found.validation, described, found.sketches, raw=folder / "raw", valid=folder / "valid")
    return found.validation


def unused(folder: Path, table: str, name: str) -> dict[int, str]:
    """Number and reason of the rows in a table's file of rows that are not used."""
    file = table_folder(folder / "valid", table) / f"{name}.parquet"
    return {row["row"]: row["reason"] for row in pq.read_table(file).to_pylist()}


def good(folder: Path, table: str) -> pa.Table:
    return pq.read_table(table_folder(folder / "valid", table) / "data.parquet")


def found(validation: Validation, name: str, table: str | None = None) -> Check:
    (one,) = [check for check in validation.checks if check.name == name and check.table == table]
    return one


def stops(validation: Validation) -> list[str]:
    return [check.message for check in validation.of_level("stop")]


def test_good_tables_pass_and_go_on_unchanged(tmp_path: Path) -> None:
    validation = checked(tmp_path, rows())
    assert validation.verdict == "pass"
    assert {name: (counts.read, counts.good) for name, counts in validation.tables.items()} == {
        "people": (100, 100),
        "plans": (100, 100),
        "sessions": (100, 100),
    }
    assert validation.rows.good == validation.rows.read == 300
    for name in validation.tables:
        assert good(tmp_path, name).equals(pq.read_table(table_folder(tmp_path / "raw", name) / "data.parquet"))
        assert not any(unused(tmp_path, name, file) for file in ("quarantine", "orphans", "duplicates"))
    assert Validation.from_json(validation.to_json()) == validation


def test_a_bad_row_is_quarantined_in_its_table(tmp_path: Path) -> None:
    validation = checked(tmp_path, rows(sessions=[session(1, number="x", minutes=-1.0)], plans=[plan(1, plan="gold")]))
    assert unused(tmp_path, "sessions", "quarantine") == {101: "'minutes' is below 0: -1.0"}
    assert unused(tmp_path, "plans", "quarantine") == {101: "'plan' is not one of the contract's values: 'gold'"}
    assert validation.quarantine_reasons == {
        "plans: 'plan' is not one of the contract's values": 1,
        "sessions: 'minutes' is below 0": 1,
    }
    assert found(validation, "range", "sessions").message == "sessions: 1 row quarantined: 'minutes' is below 0"
    assert (validation.tables["sessions"].quarantined, validation.rows.quarantined) == (1, 2)


def test_too_many_bad_rows_of_one_table_stop(tmp_path: Path) -> None:
    bad = [session(number, number=f"x{number}", minutes=-1.0) for number in range(6)]
    (message,) = stops(checked(tmp_path, rows(sessions=bad)))
    assert message.startswith("sessions: 6 of 106 rows are rejected or quarantined, 5.66 % (limit 5 %)")


def test_orphans_are_kept_apart_and_counted(tmp_path: Path) -> None:
    validation = checked(tmp_path, rows(sessions=[session(900, number="x")]))
    assert unused(tmp_path, "sessions", "orphans") == {101: "is of a customer that is not in 'people': 'p900'"}
    assert good(tmp_path, "sessions").num_rows == 100
    assert validation.verdict == "pass"
    check = found(validation, "orphans", "sessions")
    assert check.message == (
        "sessions: 1 of 101 rows (0.99 %, limit 1 %) are of customers that are not in 'people', such as 'p900': "
        "quarantined as orphans"
    )
    assert (validation.tables["sessions"].orphaned, validation.rows.orphaned) == (1, 1)
    assert found(validation, "rejected", "sessions").level == "pass"


def test_orphans_over_the_limit_stop_and_show_keys_of_both_tables(tmp_path: Path) -> None:
    (message,) = stops(checked(tmp_path, rows(sessions=[session(n, number=f"x{n}") for n in (900, 901)])))
    assert "sessions: 2 of 102 rows (1.96 %, limit 1 %)" in message
    assert "such as 'p900', 'p901'" in message
    assert "a key of 'people' is 'p0'" in message


def test_the_limit_of_orphans_is_the_contracts(tmp_path: Path) -> None:
    lenient = CONTRACT.replace("min_rows: 50", "min_rows: 50, max_orphan_share: 0.5")
    assert not stops(checked(tmp_path, rows(sessions=[session(n, number=f"x{n}") for n in range(900, 910)]), lenient))


def test_rows_of_a_quarantined_customer_are_no_orphans_of_the_limit(tmp_path: Path) -> None:
    tables = rows()
    for number in range(3):
        tables["people"][number] = person(number, age=200)
    validation = checked(tmp_path, tables)
    assert not stops(validation)
    reason = "is of a customer whose row in 'people' is quarantined"
    assert unused(tmp_path, "sessions", "orphans") == {1: reason, 2: reason, 3: reason}
    assert good(tmp_path, "sessions").num_rows == good(tmp_path, "people").num_rows == 97


def test_a_key_that_repeats_in_the_entity(tmp_path: Path) -> None:
    few = checked(tmp_path / "few", rows(people=[person(1, age=31)]))
    assert not stops(few)
    assert unused(tmp_path / "few", "people", "quarantine") == {101: "'id' repeats the key of an earlier row: 'p1'"}
    (message,) = stops(checked(tmp_path / "many", rows(people=[person(number) for number in range(8)])))[:1]
    assert message == ("people: 'id' repeats in 8 of 108 rows: a table of kind 'entity' has one row a customer")


def test_keys_of_other_types_are_compared_as_the_entitys(tmp_path: Path) -> None:
    contract = CONTRACT.replace("id: {type: string", "id: {type: integer").replace(
        "person: {type: string", "person: {type: number"
    )
    tables = rows()
    for name, key in (("people", "id"), ("plans", "person"), ("sessions", "person")):
        for row in tables[name]:
            row[key] = float(row[key][1:]) if name == "sessions" else int(row[key][1:])
    validation = checked(tmp_path, tables, contract)
    assert validation.rows.orphaned == 0
    assert good(tmp_path, "sessions").schema.field("person").type == pa.int64()


class TestVersions:
    def test_a_correction_supersedes_and_both_rows_stay(self, tmp_path: Path) -> None:
        later = session(1, minutes=7.0, sent="2026-05-22T10:00:00")
        validation = checked(tmp_path, rows(sessions=[later]))
        counts = validation.tables["sessions"]
        assert (counts.good, counts.superseded, counts.late, counts.duplicates) == (101, 1, 1, 0)

    def test_equal_versions_known_at_once_are_one(self, tmp_path: Path) -> None:
        validation = checked(tmp_path, rows(sessions=[session(1), session(1)]))
        counts = validation.tables["sessions"]
        assert (counts.good, counts.superseded, counts.duplicates, counts.quarantined) == (100, 0, 2, 0)
        reason = "is equal to an earlier row with the same 'number'"
        assert unused(tmp_path, "sessions", "duplicates") == {101: reason, 102: reason}

    def test_different_versions_known_at_once_are_all_quarantined(self, tmp_path: Path) -> None:
        validation = checked(tmp_path, rows(sessions=[session(1, minutes=6.0), session(1)]))
        reason = "'number' stands in different rows with the same 'sent': which of them counts is open: 's1'"
        assert unused(tmp_path, "sessions", "quarantine") == {2: reason, 101: reason, 102: reason}
        assert validation.tables["sessions"].duplicates == 0

    def test_a_row_id_numbers_the_rows_of_each_customer(self, tmp_path: Path) -> None:
        validation = checked(tmp_path, rows(sessions=[session(1, number="s2", minutes=6.0)]))
        counts = validation.tables["sessions"]
        assert (counts.good, counts.superseded, counts.quarantined) == (101, 0, 0)

    def test_without_a_known_at_the_time_orders_the_versions(self, tmp_path: Path) -> None:
        contract = CONTRACT.replace("      sent: {type: timestamp, role: known_at}\n", "")
        later = session(1, started="2026-05-21T10:00:00")
        counts = checked(tmp_path, rows(sessions=[later]), contract).tables["sessions"]
        assert (counts.good, counts.superseded, counts.late) == (101, 1, 0)

    def test_an_entity_may_be_corrected_and_not_repeated(self, tmp_path: Path) -> None:
        contract = CONTRACT.replace(
            "      gender:",
            "      entered: {type: date, role: known_at}\n      form: {type: string, role: row_id}\n      gender:",
        )
        tables = rows(people=[person(1, age=50, entered="2026-02-01"), person(2, form="other")])
        for number, row in enumerate(tables["people"]):
            row.setdefault("entered", "2026-01-01")
            row.setdefault("form", f"f{row['id']}" if number < 101 else "other")
        validation = checked(tmp_path, tables, contract)
        assert validation.tables["people"].superseded == 1
        assert unused(tmp_path, "people", "quarantine") == {102: "'id' repeats the key of an earlier row: 'p2'"}


class TestTimes:
    def test_known_before_its_time_is_counted(self, tmp_path: Path) -> None:
        validation = checked(tmp_path, rows(sessions=[session(1, number="x", sent="2026-05-19T10:00:00")]))
        assert validation.tables["sessions"].known_before_time == 1
        assert found(validation, "known_before_time", "sessions").level == "pass"
        assert good(tmp_path, "sessions").num_rows == 101

    def test_known_before_its_time_may_be_refused(self, tmp_path: Path) -> None:
        contract = CONTRACT.replace("    kind: events\n", "    kind: events\n    known_before_time: refuse\n")
        validation = checked(tmp_path, rows(sessions=[session(1, number="x", sent="2026-05-19T10:00:00")]), contract)
        assert validation.tables["sessions"].known_before_time == 0
        assert list(unused(tmp_path, "sessions", "quarantine").values()) == [
            "'sent' is before 'started': 2026-05-19 08:00:00"
        ]

    def test_a_day_is_known_on_the_day(self, tmp_path: Path) -> None:
        contract = CONTRACT.replace("started: {type: timestamp", "started: {type: date")
        tables = rows()
        for row in tables["sessions"]:
            row["started"] = "2026-05-20"
        # 23:30 in Berlin is still that day; half an hour later is not.
        tables["sessions"][0]["sent"] = "2026-05-20T21:30:00Z"
        tables["sessions"][1]["sent"] = "2026-05-20T22:00:00Z"
        counts = checked(tmp_path, tables, contract).tables["sessions"]
        assert (counts.late, counts.known_before_time) == (1, 0)

    def test_a_planned_row_may_lie_ahead_if_it_is_known(self, tmp_path: Path) -> None:
        ahead = session(1, number="x", started="2026-12-01T10:00:00")
        assert checked(tmp_path / "known", rows(sessions=[ahead])).tables["sessions"].known_before_time == 1
        unknown = session(1, number="x", sent="2026-12-01T10:00:00")
        checked(tmp_path / "unknown", rows(sessions=[unknown]))
        assert list(unused(tmp_path / "unknown", "sessions", "quarantine").values()) == [
            "'sent' is in the future: 2026-12-01 09:00:00"
        ]

    def test_a_row_without_an_instant_at_which_it_was_known(self, tmp_path: Path) -> None:
        checked(tmp_path, rows(sessions=[session(1, number="x", sent=None)]))
        assert unused(tmp_path, "sessions", "quarantine") == {101: "'sent' is missing, and is the known_at"}

    def test_rows_from_before_their_customer_count(self, tmp_path: Path) -> None:
        early = session(1, number="x", started="2025-12-31T10:00:00")
        validation = checked(tmp_path, rows(sessions=[early]))
        assert validation.tables["sessions"].before_customer == 1
        assert good(tmp_path, "sessions").num_rows == 101

    def test_times_that_the_clock_shows_twice_are_counted(self, tmp_path: Path) -> None:
        tables = rows(sessions=[session(1, number="x", started="2026-03-29T02:30:00", sent="2026-03-29T04:00:00")])
        validation = checked(tmp_path, tables)
        assert validation.tables["sessions"].doubtful_times == 1
        assert found(validation, "clock", "sessions").message == (
            "sessions: 1 time that clocks in Europe/Berlin show twice or skip: the first is taken"
        )


class TestFreshness:
    def test_one_table_that_is_old_warns(self, tmp_path: Path) -> None:
        contract = CONTRACT.replace(
            "windows:",
            "  tickets:\n    kind: events\n    columns:\n      person: {type: string, role: key}\n"
            "      opened: {type: date, role: time}\nwindows:",
        )
        tickets = [{"person": f"p{number}", "opened": "2026-01-10"} for number in range(5)]
        validation = checked(tmp_path, rows() | {"tickets": tickets}, contract)
        assert found(validation, "freshness", "tickets").level == "warn"
        assert found(validation, "freshness", "sessions").level == "pass"
        assert (
            "tickets: the newest 'opened' is 2026-01-10, 142 days old (limit 30)"
            in validation.of_level("warn")[0].message
        )

    def test_all_tables_of_events_that_are_old_stop(self, tmp_path: Path) -> None:
        tables = rows()
        for row in tables["sessions"]:
            row["started"] = row["sent"] = "2026-04-01T10:00:00"
        (message,) = stops(checked(tmp_path, tables))
        assert message.startswith("sessions: the newest 'started' is 2026-04-01 08:00:00, 61 days old (limit 30)")

    def test_the_day_of_the_run_is_checked_again(self, tmp_path: Path) -> None:
        validation = checked(tmp_path, rows())
        described = parse(CONTRACT)
        later = complete(validation, described, tmp_path / "valid", reference=None, as_of=date(2026, 7, 1))
        assert [check.level for check in later.validation.checks if check.name == "freshness"] == ["stop"]


def test_rows_of_a_history_that_share_their_time_warn(tmp_path: Path) -> None:
    validation = checked(tmp_path, rows(plans=[plan(1, plan="plus"), plan(2)]))
    check = found(validation, "same_time", "plans")
    assert check.level == "warn"
    assert check.message == (
        "plans: 2 rows with the 'person' and 'valid_from' of an earlier row, of which 1 copies: of equal times the row "
        "with the larger values counts"
    )
    assert good(tmp_path, "plans").num_rows == 102


def test_a_table_whose_rows_are_all_orphans_stops(tmp_path: Path) -> None:
    tables = rows()
    tables["plans"] = [plan(number) for number in range(500, 600)]
    messages = stops(checked(tmp_path, tables))
    assert any(message.startswith("plans: 100 of 100 rows (100 %, limit 1 %)") for message in messages)
    assert "plans: no good row is left" in messages


def test_too_few_customers_stop_and_small_other_tables_do_not(tmp_path: Path) -> None:
    tables = {name: table[:40] for name, table in rows().items()}
    assert stops(checked(tmp_path / "few", tables)) == ["people: 40 good rows (at least 50)"]
    tables = rows()
    tables["plans"] = tables["plans"][:3]
    assert not stops(checked(tmp_path / "small", tables))


def test_a_column_that_is_mostly_missing_stops_and_says_where_to_allow_it(tmp_path: Path) -> None:
    contract = CONTRACT.replace("age: {type: number,", "age: {type: number, nullable: true,")
    tables = rows()
    for row in tables["people"][:20]:
        row["age"] = None
    validation = checked(tmp_path, tables, contract)
    assert stops(validation) == ["people: 'age' is missing in 20 % of rows (limit 10 %)"]
    assert any("tables.people.columns.age.max_missing_share" in advice for advice in validation.advice())


def test_raw_of_another_contract_is_refused(tmp_path: Path) -> None:
    checked(tmp_path, rows())
    other = CONTRACT.replace("      minutes: {type: number, range: [0, null]}\n", "      minutes: {type: integer}\n")
    with pytest.raises(DataError, match="was ingested under another contract"):
        validate(parse(other), tmp_path / "raw", tmp_path / "again", NOW)
    without = CONTRACT.replace("  plans:", "  contracts:")
    with pytest.raises(DataError, match=r"contracts/data\.parquet is missing"):
        validate(parse(without), tmp_path / "raw", tmp_path / "again", NOW)


def test_what_people_see(tmp_path: Path) -> None:
    more = [session(900, number="x"), session(1, minutes=7.0, sent="2026-05-22")]
    validation = checked(tmp_path, rows(sessions=more))
    shown = repr(validation)
    lines = shown.splitlines()
    assert lines[0] == "3 tables: people, plans, sessions under the contract 'video': pass"
    assert lines[1] == "302 rows: 0 rejected, 0 quarantined, 1 orphaned, 301 good"
    headers = "table rows in used rejected quarantined orphaned duplicates superseded late"
    assert " ".join(lines[2].split()) == headers
    assert " ".join(lines[6].split()) == "sessions 102 101 0 0 1 0 1 1"
    assert "plans: nothing found by columns, types, nulls" in shown
    page = (tmp_path / "valid" / "validation.html").read_text(encoding="utf-8")
    assert "These tables meet their contract." in page
    assert "Orphaned rows of sessions" in page
    assert "Columns of the good rows of people" in page
    assert "sessions" in validation._repr_html_()


def test_the_steps_summary_has_the_orphans(tmp_path: Path) -> None:
    described = CONTRACT.replace("min_rows: 50", "min_rows: 50, freshness_days: null")
    instead = {name: pa.Table.from_pylist(table) for name, table in rows(sessions=[session(900, number="x")]).items()}
    ingest(parse(described), tmp_path / "raw", instead=instead)
    summary = validate_step(described, tmp_path / "raw", tmp_path / "valid")
    assert (summary["rows_good"], summary["rows_orphaned"], summary["verdict"]) == (300, 1, "pass")


def test_drift_is_measured_in_each_table(tmp_path: Path) -> None:
    checked(tmp_path / "before", rows())
    reference = Profile.from_json((tmp_path / "before" / "valid" / "profile.json").read_text(encoding="utf-8"))
    assert {name: set(profile.columns) for name, profile in reference.tables.items()} == {
        "people": {"age"},
        "plans": {"plan"},
        "sessions": {"minutes"},
    }
    tables = rows()
    for row in tables["plans"]:
        row["plan"] = "plus"
    validation = checked(tmp_path / "after", tables)
    found = complete(validation, parse(CONTRACT), tmp_path / "after" / "valid", reference=reference, as_of=None)
    assert found.distances["plans.plan"] > 1 > 0.1 > found.distances["people.age"]
    assert [check.column for check in found.validation.of_level("warn")] == ["plans.plan"]


def test_an_events_log_without_an_entity_has_no_orphans(tmp_path: Path) -> None:
    contract = """
version: 2
name: shop
zone: UTC
tables:
  orders:
    kind: events
    columns:
      who: {type: string, role: key}
      day: {type: date, role: time}
windows: {orders: {aggregate: count, days: 30, reason: r}}
label: {kind: no_event, horizon: 30 days}
cuts: {every: 30 days, count: 2, until: last}
quality: {min_rows: 10}
"""
    start = date(2026, 5, 1)
    orders = [{"who": f"c{number % 7}", "day": str(start + timedelta(days=number % 30))} for number in range(100)]
    validation = checked(tmp_path, {"orders": orders}, contract)
    assert validation.verdict == "pass"
    assert "orphans" not in {check.name for check in validation.checks}
    # One table is shown as one, without its name.
    assert {check.table for check in validation.checks} == {None}
    assert validation.tables_table() == []
