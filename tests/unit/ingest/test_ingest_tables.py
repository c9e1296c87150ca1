"""Ingest of several tables: a folder each, one report, and errors that name the table."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.ingest.logic import run
from tenure.contract import Contract, parse
from tenure.errors import ContractError, DataError, InputError
from tenure.intake.ingest import ingest
from tenure.intake.report import IngestReport
from tenure.progress import listening

CONTRACT = """
version: 2
name: video
zone: Europe/Berlin
tables:
  people:
    kind: entity
    source: {uri: people.csv}
    columns:
      id: {type: string, role: key}
      country: {type: category}
      gender: {type: category, role: sensitive}
      note: {type: string, role: ignored}
  sessions:
    kind: events
    source: {uri: sessions.csv}
    zone: America/New_York
    columns:
      person: {type: string, role: key}
      started: {type: timestamp, role: time}
      minutes: {type: number}
      device: {type: category, role: ignored}
      rating: {type: number, required: false, default: 3}
  calls:
    kind: events
    source: {uri: calls.csv}
    columns:
      person: {type: string, role: key}
      day: {type: timestamp, role: time}
windows:
  minutes: {table: sessions, aggregate: sum, column: minutes, days: 30, reason: r}
label: {kind: no_event, table: sessions, horizon: 30 days}
cuts: {every: 30 days, count: 2, until: last}
"""
FILES = {
    "people.csv": "id,country,gender,note\na,DE,f,x\nb,AT,m,y\n",
    "sessions.csv": (
        "person,started,minutes,device,browser\na,2026-07-01T12:00:00,5,tv,w\nb,2026-07-01T12:00:00Z,x,tv,w\n"
    ),
    "calls.csv": "person,day\na,2026-03-29T02:30:00\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def read(folder: Path, contract: str | Contract = CONTRACT, **instead: Any) -> IngestReport:
    described = parse(contract) if isinstance(contract, str) else contract
    return ingest(described, folder / "raw", folder, dict(instead))


def table(folder: Path, name: str, file: str = "data") -> pa.Table:
    return pq.read_table(folder / "raw" / "tables" / name / f"{file}.parquet")


def test_each_table_has_a_folder_and_all_have_one_report(folder: Path) -> None:
    report = read(folder)
    assert table(folder, "people").column_names == ["id", "country", "gender", "_row"]
    assert table(folder, "sessions").to_pylist() == [
        {"person": "a", "started": datetime(2026, 7, 1, 16), "minutes": 5.0, "rating": 3.0, "_row": 1}  # noqa: DTZ001
    ]
    assert table(folder, "sessions", "rejected").column("row").to_pylist() == [2]
    assert (report.rows_read, report.rows_accepted, report.rows_rejected) == (5, 4, 1)
    assert report.source == "3 tables: people, sessions, calls"
    assert report.reasons == {"sessions: 'minutes' is not a number": 1}
    assert (report.extra_columns, report.defaulted_columns) == (["sessions.browser"], ["sessions.rating"])
    assert {name: found.rows_read for name, found in report.tables.items()} == {"people": 2, "sessions": 2, "calls": 1}
    assert report.tables["people"].source == str(folder / "people.csv")
    assert IngestReport.from_json((folder / "raw" / "ingest.json").read_text(encoding="utf-8")) == report


def test_times_are_of_the_tables_zone(folder: Path) -> None:
    report = read(folder)
    # New York is four hours behind UTC in July; Berlin skips half past two on the 29th of March.
    assert table(folder, "calls").column("day").to_pylist() == [datetime(2026, 3, 29, 1, 30)]  # noqa: DTZ001
    assert report.tables["calls"].doubtful_times == report.doubtful_times == 1


def test_an_ignored_column_that_a_window_reads_is_read(folder: Path) -> None:
    read(folder, CONTRACT.replace("aggregate: sum, column: minutes", "aggregate: distinct, column: device"))
    assert "device" in table(folder, "sessions").column_names


def test_the_hash_is_of_all_tables_in_any_order(folder: Path) -> None:
    before = read(folder).data_hash
    described = parse(CONTRACT)
    turned = described.model_copy(update={"tables": dict(reversed(described.tables.items()))})
    vars(turned).pop("assembly", None)
    assert read(folder, turned).data_hash == before
    (folder / "calls.csv").write_text("person,day\na,2026-03-30T02:30:00\n", encoding="utf-8")
    assert read(folder).data_hash != before


def test_a_table_in_memory_in_place_of_a_file(folder: Path) -> None:
    (folder / "calls.csv").unlink()
    calls = pa.table({"person": ["a", "b"], "day": [datetime(2026, 7, 1, 12)] * 2})  # noqa: DTZ001 of the clock
    report = read(folder, calls=calls)
    assert report.tables["calls"].source == "the table in memory"
    assert table(folder, "calls").column("day").to_pylist() == [datetime(2026, 7, 1, 10)] * 2  # noqa: DTZ001 in UTC


def test_progress_names_the_table(folder: Path) -> None:
    told: list[str] = []
    with listening(lambda what, *_: told.append(what)):
        read(folder)
    assert told == [f"table '{name}': reading {folder / name}.csv" for name in ("people", "sessions", "calls")]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("calls.csv", None, r"^table 'calls': no such file: .*calls\.csv$"),
        ("calls.csv", "person,day\n", r"^table 'calls': .*calls\.csv has columns and no rows$"),
        ("calls.csv", "person,when\na,2026-07-01\n", r"^table 'calls': .*lacks the required column 'day'"),
        (
            "calls.csv",
            "person,day\na,never\n",
            r"^table 'calls': .*none of 1 rows can be read .*: 'day' is not",
        ),
        ("people.csv", "id,country,gender\na,DE\n", r"^table 'people': .*none of 1 rows can be read"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line_with_its_name(
    folder: Path, file: str, text: str | None, message: str
) -> None:
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read(folder)
    assert "\n" not in str(caught.value)
    assert not (folder / "raw" / "ingest.json").exists()


def test_a_table_without_an_address(folder: Path) -> None:
    with pytest.raises(ContractError, match=r"^table 'calls': 'source\.uri' is missing"):
        read(folder, CONTRACT.replace("    source: {uri: calls.csv}\n", ""))


def test_a_default_is_a_time_of_the_clock(folder: Path) -> None:
    contract = CONTRACT.replace(
        "rating: {type: number, required: false, default: 3}",
        "rating: {type: timestamp, required: false, default: '2026-07-01T12:00:00'}",
    )
    read(folder, contract)
    assert table(folder, "sessions").column("rating").to_pylist() == [datetime(2026, 7, 1, 16)]  # noqa: DTZ001 in UTC


class TestStep:
    def test_the_summary_is_the_report(self, folder: Path) -> None:
        summary = run(CONTRACT, None, folder / "raw", folder)
        assert summary == json.loads((folder / "raw" / "ingest.json").read_text(encoding="utf-8"))

    def test_one_address_is_no_address_of_several_tables(self, folder: Path) -> None:
        with pytest.raises(InputError, match="'video' has several tables: people, sessions, calls"):
            run(CONTRACT, "calls.csv", folder / "raw", folder)

    def test_an_event_log_of_version_1_is_one_table(self, folder: Path) -> None:
        contract = """
name: log
label: {horizon_days: 30}
events: {cuts: [2026-07-01], active_days: 30}
windows: {calls: {aggregate: count, reason: r}}
columns:
  person: {type: string, role: key}
  day: {type: timestamp, role: time}
"""
        summary = run(contract, "calls.csv", folder / "raw", folder)
        assert table(folder, "events").column("day").to_pylist() == [datetime(2026, 3, 29, 2, 30)]  # noqa: DTZ001
        assert summary["source"] == str(folder / "calls.csv")
        assert summary["data_hash"] == summary["tables"]["events"]["data_hash"]
