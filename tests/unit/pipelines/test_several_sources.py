"""Requests for a dataset of several tables: addresses, fingerprints, --data and what is copied to a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cluster.upload import plan_upload
from pipelines.graphs.request import MAX_CONTRACT_BYTES, read_from, read_request
from tenure.contract import parse
from tenure.contract.sources import sources_of
from tenure.errors import ContractError, DataError, InputError

CONTRACT = """
version: 2
name: video
description: "{description}"
zone: UTC
tables:
  people:
    kind: entity
    source: {{uri: people.csv}}
    columns:
      id: {{type: string, role: key}}
      country: {{type: category}}
  sessions:
    kind: events
    source: {{uri: '{sessions}'}}
    columns:
      person: {{type: string, role: key}}
      day: {{type: date, role: time}}
windows: {{sessions: {{table: sessions, aggregate: count, days: 30, reason: r}}}}
label: {{kind: no_event, table: sessions, horizon: 30 days}}
cuts: {{every: 30 days, count: 2, until: last}}
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(sessions: str = "sessions.csv", description: str = "") -> Path:
        folder = tmp_path / "dataset"
        folder.mkdir(exist_ok=True)
        (folder / "people.csv").write_text("id,country\na,DE\n", encoding="utf-8")
        (folder / "sessions.csv").write_text("person,day\na,2026-07-01\n", encoding="utf-8")
        contract = CONTRACT.format(sessions=sessions, description=description)
        (folder / "contract.yaml").write_text(contract, encoding="utf-8")
        return folder

    return to


def test_every_table_has_an_absolute_address(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write()
    monkeypatch.chdir("/")
    request = read_request(folder)
    wanted = {name: str(folder / f"{name}.csv") for name in ("people", "sessions")}
    assert {name: source.uri for name, source in sources_of(parse(request.text)).items()} == wanted
    assembly = request.contract.assembly
    assert assembly is not None
    assert {name: table.source.uri for name, table in assembly.tables.items()} == wanted
    assert request.shown_source == "2 tables: people, sessions"


def test_the_fingerprint_changes_with_any_table(write: Write) -> None:
    folder = write()
    before = read_request(folder)
    assert read_request(folder).fingerprint == before.fingerprint
    (folder / "sessions.csv").write_text("person,day\na,2026-07-02\n", encoding="utf-8")
    after = read_request(folder)
    assert after.fingerprint != before.fingerprint
    assert after.fingerprints["people"] == before.fingerprints["people"]


def test_data_names_the_table_it_replaces(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write()
    (tmp_path / "other.csv").write_text("person,day\na,2026-08-01\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    request = read_request(folder, ["sessions=other.csv"])
    assert {name: source.uri for name, source in sources_of(request.contract).items()} == {
        "people": str(folder / "people.csv"),
        "sessions": str(tmp_path / "other.csv"),
    }
    both = read_request(folder, ["sessions=other.csv", "people=s3://bucket/day=1/people.parquet"])
    assert sources_of(both.contract)["people"].uri == "s3://bucket/day=1/people.parquet"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (["other.csv"], r"^--data other\.csv: write NAME=ADDRESS, where NAME is a table of 'video': people, sessions$"),
        (["session=other.csv"], r"^--data session=other\.csv: write NAME=ADDRESS"),
        (["people=people.csv", "people=people.csv"], r"^--data gives 'people' twice$"),
    ],
)
def test_data_that_names_no_table(write: Write, data: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_request(write(), data)


def test_two_addresses_of_one_table(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(
        "name: t\nlabel: {positive: 'yes'}\ncolumns:\n  id: {type: string, role: key}\n"
        "  left: {type: boolean, role: label, values: ['no', 'yes']}\n  spend: {type: number}\n",
        encoding="utf-8",
    )
    (tmp_path / "a=b.csv").write_text("id,left,spend\n1,no,1\n", encoding="utf-8")
    # An address may hold an equals sign.
    assert read_request(tmp_path, [str(tmp_path / "a=b.csv")]).contract.source.uri == str(tmp_path / "a=b.csv")
    with pytest.raises(InputError, match="--data gives a table two addresses"):
        read_request(tmp_path, ["a.csv", "b.csv"])


def test_errors_name_the_table(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"^table 'sessions': no such file: .*gone\.csv$"):
        plan_upload(read_request(write("gone.csv")), "s3://store/data")
    with pytest.raises(ContractError, match=r"^table 'sessions': .*contains a password") as caught:
        read_request(write("postgresql://me:hunter22@host/db"))
    assert "hunter22" not in str(caught.value)
    with pytest.raises(ContractError, match=r"^table 'sessions': .*environment variable ABSENT"):
        read_request(write("postgresql://me:${ABSENT}@host/db"))
    monkeypatch.setenv("DB_PASSWORD", "secret-value")
    request = read_request(write("postgresql://me:${DB_PASSWORD}@host/db"))
    assert "${DB_PASSWORD}" in request.text
    assert "secret-value" not in request.text


def test_a_contract_that_no_command_line_holds_is_refused(write: Write) -> None:
    with pytest.raises(ContractError, match="at most 90,000"):
        read_request(write(description="x" * MAX_CONTRACT_BYTES))


def test_local_tables_are_copied_each_under_its_hash(write: Write) -> None:
    request = read_request(write("s3://bucket/sessions.csv"))
    found = plan_upload(request, "s3://store/data")
    assert found is not None
    moved, upload = found
    assert [table.fingerprint for table in upload.tables] == [request.fingerprints["people"]]
    place = f"s3://store/data/video/{request.fingerprints['people'][:20]}/people.csv"
    assert sources_of(parse(moved.text))["people"].uri == place == upload.tables[0].files[0][1]
    assert sources_of(moved.contract)["sessions"].uri == "s3://bucket/sessions.csv"
    assert (moved.fingerprint, moved.shown_source) == (request.fingerprint, request.shown_source)


def test_all_tables_in_a_store_need_no_copy(write: Write) -> None:
    request = read_request(write(), ["people=s3://bucket/people.csv", "sessions=s3://bucket/sessions.csv"])
    assert plan_upload(request, "s3://store/data") is None


def test_a_moved_table_keeps_its_format(write: Write) -> None:
    request = read_request(write())
    moved = read_from(request, {"people": "s3://store/people.csv"})
    assert moved.contract.tables["people"].source.uri == "s3://store/people.csv"
    assert moved.contract.tables["sessions"] == request.contract.tables["sessions"]
