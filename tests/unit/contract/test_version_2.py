"""Version 2 of the contract: tables, windows, cuts, labels over a horizon."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tenure.contract import contract_hash, dump, parse
from tenure.contract.durations import Duration
from tenure.contract.sources import without_sources
from tenure.errors import ContractError

TEXT = """
version: 2
name: streaming
zone: Europe/Berlin
tables:
  subscribers:
    kind: entity
    source: {uri: subscribers.csv}
    columns:
      subscriber_id: {type: string, role: key}
      signed_up_at: {type: timestamp, role: time}
      country: {type: category}
      gender: {type: category, role: sensitive}
  plans:
    kind: history
    source: {uri: plans.parquet}
    columns:
      subscriber: {type: string, role: key}
      valid_from: {type: timestamp, role: time}
      recorded_at: {type: timestamp, role: known_at}
      change_id: {type: string, role: row_id}
      plan: {type: category}
      price: {type: number, unit: EUR}
  sessions:
    kind: events
    source: {uri: sessions.parquet}
    columns:
      subscriber: {type: string, role: key}
      started_at: {type: timestamp, role: time}
      minutes: {type: number, unit: min}
      device: {type: category}
windows:
  minutes_{n}:
    table: sessions
    where: minutes > 1
    aggregate: sum
    column: minutes
    for_each: [7, 30, 6 hours]
    unit: min
    reason: The minutes of {n}
  days_active: {table: sessions, aggregate: count, days: 90, feature: false}
derived:
  minutes_per_euro: {expression: "minutes_30 / max(price, 1)", reason: What a euro buys}
eligible: days_active > 0 and gender != 'x'
label: {kind: no_event, table: sessions, horizon: 30 days, gap: 7}
cuts: {every: 30 days, count: 6, until: last}
"""


def test_the_model_takes_columns_as_of_the_instant_and_windows() -> None:
    contract = parse(TEXT)
    assert list(contract.inputs) == ["country", "plan", "price", "minutes_7", "minutes_30", "minutes_6_hours"]
    assert contract.key_column == "subscriber_id"
    assert contract.columns_of("sensitive") == ["gender"]
    made = contract.assembly
    assert made is not None
    assert made.windows["minutes_7"].window.reason == "The minutes of 7"
    assert made.windows["minutes_6_hours"].last == Duration(microseconds=6 * 3_600_000_000)
    assert made.columns_of("sessions") == ["subscriber", "started_at", "minutes"]
    assert made.label.reach == np.timedelta64(37, "D")
    assert contract.inputs["plan"].nullable
    assert not contract.inputs["country"].nullable


def test_it_is_written_and_read_back() -> None:
    contract = parse(TEXT)
    assert parse(dump(contract)) == contract


def test_the_hash_does_not_depend_on_the_addresses_of_tables() -> None:
    assert contract_hash(parse(TEXT)) == contract_hash(parse(TEXT.replace("sessions.parquet", "other.parquet")))
    assert contract_hash(parse(TEXT)) != contract_hash(parse(TEXT.replace("minutes > 1", "minutes > 2")))


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("version: 2", "version: 1", "'tables': this is a key of version 2"),
        ("zone: Europe/Berlin\n", "", "'zone': is missing"),
        ("Europe/Berlin", "Europe/Bonn", "'Europe/Bonn' is not a time zone"),
        ("cuts: {every: 30 days, count: 6, until: last}", "", "'cuts': is missing"),
        ("every: 30 days", "every: 30 weeks", "'cuts.every': '30 weeks' is not a duration"),
        ("count: 6", "count: 0", "'cuts.count': Input should be greater than 0"),
        ("cuts: {every: 30 days, count: 6, until: last}", "cuts: []", "'cuts': Tuple should have at least 1 item"),
        ("cuts: {every: 30 days, count: 6, until: last}", "cuts: [2026-03-01, 2026-01-01]", "'cuts' must be asc"),
        ("cuts: {every: 30 days, count: 6, until: last}", "cuts: [0900-01-01]", "a cut lies between"),
        ("cuts: {every: 30 days, count: 6, until: last}", "cuts: last", "to count them: {every: 30 days, count: 6}"),
        ("until: last", "until: yesterday", "'cuts.until': 'yesterday' is neither 'last' nor a day"),
        ("until: last", "until: 2026-03-01T06:00", "is neither 'last' nor a day"),
        ("every: 30 days", "every: 0 days", "the duration '0 days' is empty"),
        ("subscriber: {type: string", "subscriber: {type: integer", "give both the same type"),
        ("minutes > 1", "minuts > 1", "did you mean minutes?"),
        ("minutes > 1", "minutes", "'where' must be true or false"),
        ("minutes > 1", "days_between(started_at, today()) > 3", "which has no today()"),
        ("table: sessions\n    where", "table: session\n    where", "no table is called 'session'"),
        ("for_each: [7, 30, 6 hours]", "for_each: [7, x]", "'windows.minutes_{n}': 'for_each' has 'x': 'x' is not a"),
        ("for_each: [7, 30, 6 hours]", "for_each: [0]", "'windows.minutes_{n}': 'for_each' has 0: Input should"),
        ("kind: events", "kind: events\n    known_before_time: refuse", "needs a column with the role 'known_at'"),
        ("column: minutes", "column: subscriber", "'subscriber' identifies rows of table 'sessions'"),
        ("kind: no_event", "kind: lapse", "'ends' is missing"),
        ("column: minutes", "column: device", "'sum' needs a numeric column, 'device' is a category"),
        ("column: minutes", "column: seconds", "table 'sessions' has no column 'seconds'"),
        ("kind: no_event", "kind: status", "'to' names the values"),
        ("kind: no_event", "kind: value", "kind 'value' is not for the task classification"),
        ("table: sessions, horizon: 30 days, ", "table: sessions, ", "'horizon' is missing"),
        ("table: sessions, horizon", "table: subscribers, where: country == 1, horizon", "'label'"),
        ("minutes_{n}", "minutes", "put {n} where its name has the length"),
        ("kind: history", "kind: entity", "'subscribers' is the entity already"),
        ("plan: {type: category}", "country: {type: category}", "table 'subscribers' has a column of this name"),
        ("days_active > 0 and", "days_activ > 0 and", "did you mean days_active?"),
        ("days_active > 0 and gender != 'x'", "days_active", "'eligible' must be true or false"),
        ("zone: Europe/Berlin", "zone: UTC\ncolumns: {a: {type: number}}", "'columns': this is for one table"),
        ("feature: false", "feature: false, last: 3 days", "use one"),
        ("started_at: {type: timestamp", "started_at: {type: date", "'last: 6 hours' is a part"),
        ("started_at: {type: timestamp, role: time}", "started_at: {type: timestamp}", "needs one"),
    ],
)  # fmt: skip
def test_what_cannot_hold_is_named(written: str, instead: str, message: str) -> None:
    assert written in TEXT
    with pytest.raises(ContractError, match=re.escape(message)) as caught:
        parse(TEXT.replace(written, instead, 1))
    assert "\n" not in str(caught.value)


def test_a_status_that_the_column_never_has() -> None:
    text = TEXT.replace("plan: {type: category}", "plan: {type: category, values: [basic, ended]}")
    label = "{kind: status, table: plans, status: plan, to: [ended, endet], horizon: 30 days}"
    text = text.replace("{kind: no_event, table: sessions, horizon: 30 days, gap: 7}", label)
    with pytest.raises(ContractError, match="'label': 'to' has 'endet', 'plan' has the values basic, ended"):
        parse(text)
    assert parse(text.replace(", endet]", "]")).label.to == ("ended",)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("events: {cuts: [2026-01-01], active_days: 30}", "'events': this is a key of version 1"),
        ("eligible: a > 1", "'eligible': this is for 'tables'"),
    ],
)
def test_version_2_of_one_table_has_no_keys_of_others(key: str, message: str) -> None:
    text = "version: 2\nname: one\ncolumns: {id: {type: string, role: key}, a: {type: number}}\n" + key
    with pytest.raises(ContractError, match=re.escape(message)):
        parse(text)


def test_a_copy_computes_anew_what_depends_on_its_values() -> None:
    contract = parse(TEXT)
    assert "minutes_30" in contract.inputs
    copied = contract.model_copy(update={"windows": {}, "derived": {}, "eligible": None})
    assert list(copied.inputs) == ["country", "plan", "price"]
    assert "minutes_30" in contract.inputs
    assert copied.assembly is not None
    assert copied.assembly.windows == {}


def test_without_sources_nothing_says_where_data_came_from() -> None:
    written = dump(without_sources(parse(TEXT)))
    assert ".csv" not in written
    assert ".parquet" not in written
    assert contract_hash(parse(written)) == contract_hash(parse(TEXT))
