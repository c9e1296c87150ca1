"""The front door with several tables: load, check, and tables in memory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import tenure
from pipelines.cli import app
from tenure.api.check import ingest_and_validate
from tenure.api.workspace import Workspace
from tenure.checks import Validation
from tenure.errors import ContractError, DataError, InputError

CONTRACT = """
version: 2
name: video
zone: UTC
tables:
  people:
    kind: entity
    source: {uri: people.csv}
    columns:
      id: {type: string, role: key}
      country: {type: category}
  sessions:
    kind: events
    source: {uri: sessions.csv}
    columns:
      person: {type: string, role: key}
      day: {type: date, role: time}
windows: {sessions: {table: sessions, aggregate: count, days: 30, reason: r}}
label: {kind: no_event, table: sessions, horizon: 30 days}
cuts: {every: 30 days, count: 2, until: last}
quality: {freshness_days: null, min_rows: 10}
"""
PEOPLE = {"id": [f"p{n}" for n in range(40)], "country": ["DE", "AT"] * 20}
SESSIONS = {
    "person": [f"p{n % 40}" for n in range(400)],
    "day": [f"2026-{1 + n % 6:02}-{1 + n % 28:02}" for n in range(400)],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    pd.DataFrame(PEOPLE).to_csv(tmp_path / "people.csv", index=False)
    pd.DataFrame(SESSIONS).to_csv(tmp_path / "sessions.csv", index=False)
    return tmp_path


def validated(dataset: tenure.Dataset) -> Validation:
    return ingest_and_validate(dataset, Workspace())


def test_a_folder_is_loaded_with_all_its_tables(folder: Path) -> None:
    dataset = tenure.load(folder)
    assert repr(dataset) == (
        "video: 2 tables, 2 inputs, key 'id', label computed from events, classification; people, sessions"
    )
    assert dataset.open("people").columns() == ["id", "country"]
    assert validated(dataset).rows.good == 440


def test_tables_in_memory_and_in_other_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sessions.csv").unlink()
    (folder / "people.csv").rename(folder / "others.csv")
    monkeypatch.chdir(folder)
    sessions = pd.DataFrame(SESSIONS).assign(day=lambda frame: pd.to_datetime(frame["day"]))
    in_memory: list[pd.DataFrame | pa.Table] = [sessions, pa.table(SESSIONS)]
    for table in in_memory:
        dataset = tenure.load(folder / "contract.yaml", tables={"sessions": table, "people": "others.csv"})
        found = validated(dataset)
        assert found.verdict == "pass"
        assert found.tables["sessions"].source == "the table in memory"


def test_what_cannot_be_loaded(folder: Path) -> None:
    with pytest.raises(InputError, match=r"^no table of 'video' is called 'visits': there are people, sessions$"):
        tenure.load(folder, tables={"visits": PEOPLE})
    with pytest.raises(InputError, match=r"^'tables' is a list: give tables by their names"):
        tenure.load(folder, tables=[PEOPLE])
    with pytest.raises(InputError, match=r"^'video' has several tables, name one: people, sessions$"):
        tenure.load(folder, table=PEOPLE)
    with pytest.raises(InputError, match="give either 'table' or 'tables'"):
        tenure.load(folder, table=PEOPLE, tables={"people": PEOPLE})
    with pytest.raises(InputError, match="'table' and 'tables' replace those of a contract"):
        tenure.load(PEOPLE, tables={"people": PEOPLE})
    with pytest.raises(DataError, match=r"^table 'people': columns differ in length"):
        tenure.load(folder, tables={"people": {"id": ["a"], "country": ["DE", "AT"]}})
    with pytest.raises(InputError, match="has several tables"):
        tenure.load(folder).table  # noqa: B018 a property


def test_a_file_that_is_missing_is_named_with_its_table(folder: Path) -> None:
    (folder / "sessions.csv").unlink()
    with pytest.raises(DataError, match=r"^table 'sessions': no such file: .*sessions\.csv$"):
        validated(tenure.load(folder))


def test_one_table_in_memory_needs_no_name(folder: Path) -> None:
    one = CONTRACT.replace(
        "  people:\n    kind: entity\n    source: {uri: people.csv}\n    columns:\n"
        "      id: {type: string, role: key}\n      country: {type: category}\n",
        "",
    )
    assert validated(tenure.load(one, table=SESSIONS)).rows.good == 400
    assert validated(tenure.load(one, tables={"sessions": SESSIONS})).rows.good == 400


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("zone: UTC\n", "", "'zone': is missing: in which time zone do days begin"),
        ("zone: UTC\n", "zone: Berlin\n", "'Berlin' is not a time zone"),
        (
            "person: {type: string",
            "person: {type: integer",
            "'person' has the type integer, the key 'id' the",
        ),
        ("table: sessions, aggregate", "table: visits, aggregate", "no table is called 'visits': there are people"),
    ],
)
def test_a_contract_that_does_not_hold_together(folder: Path, before: str, after: str, message: str) -> None:
    (folder / "contract.yaml").write_text(CONTRACT.replace(before, after), encoding="utf-8")
    with pytest.raises(ContractError, match=message) as caught:
        tenure.load(folder)
    assert "\n" not in str(caught.value)


class TestCommand:
    def test_orphans_over_the_limit_end_in_one_line(self, folder: Path) -> None:
        orphans = {"person": ["x1"] * 20, "day": ["2026-05-01"] * 20}
        pd.concat([pd.DataFrame(SESSIONS), pd.DataFrame(orphans)]).to_csv(folder / "more.csv", index=False)
        page = folder / "page.html"
        arguments = ["check", str(folder), "--data", f"sessions={folder / 'more.csv'}", "--report", str(page)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("tenure:")]
        assert "sessions: 20 of 420 rows (4.76 %, limit 1 %) are of customers that are not in 'people'" in line
        assert ["sessions", "420", "400", "0", "0", "20"] in [row.split()[:6] for row in result.stdout.splitlines()]
        assert "must not be used" in page.read_text(encoding="utf-8")

    def test_data_without_a_table(self, folder: Path) -> None:
        result = CliRunner().invoke(app, ["check", str(folder), "--data", "other.csv"])
        assert result.exit_code == 2
        assert "--data other.csv: write NAME=ADDRESS" in result.stderr
