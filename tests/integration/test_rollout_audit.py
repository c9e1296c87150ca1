"""The audit's table: rows are added, never changed, and a changed one is found. SQLite, and a real PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import postgres_server
import pytest

from rollout.audit.entry import Entry, first_fault
from rollout.audit.table import Audit, audit_at
from rollout.cli import main
from tenure.errors import InputError, SourceError

SQL = Path(__file__).resolve().parents[2] / "k8s/components/rollout-audit/audit.sql"
ADMIN, PASSWORD, OWN = "postgres", "admin-password", "rollout-password"
needs_postgres = pytest.mark.skipif(postgres_server.binaries() is None, reason="PostgreSQL is not installed")


def entry(number: int, **changes: Any) -> Entry:
    details = {"start": {"version": str(number)}, "answer": "", "text": "é€\u2028"}
    made = Entry(
        f"request {number}", "2026-01-01T00:00:00Z", "request", "ada", "start", "accepted", "r", "why", details
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with postgres_server.running(ADMIN, PASSWORD) as server:
        for _ in range(2):  # a second time changes nothing
            run_sql(server.port)
        yield server.port


def run_sql(port: int) -> None:
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "ROLLOUT_AUDIT_PASSWORD": OWN}
    where = ["--host=127.0.0.1", f"--port={port}", f"--username={ADMIN}", "--dbname=postgres"]
    command = [str(postgres_server.binaries() / "psql"), *where, "--set=ON_ERROR_STOP=1", f"--file={SQL}"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Audit]:
    if request.param == "sqlite":
        location = f"sqlite:///{tmp_path}/home/audit.sqlite"
    else:
        location = f"postgresql://rollout_audit:{OWN}@127.0.0.1:{request.getfixturevalue('port')}/rollout_audit"
    service = f"{tmp_path.name}/"
    return lambda name: audit_at(location, service + name)


def test_rows_are_kept_in_order_and_once(table: Callable[[str], Audit]) -> None:
    audit, other = table("churn"), table("value")
    audit.check()
    for number in (1, 2, 2, 3, 1):
        audit.append(entry(number))
    other.append(entry(1))
    rows = audit.rows()
    assert [row.entry for row in rows] == [entry(1), entry(2), entry(3)]
    assert [row.number for row in rows] == [1, 2, 3]
    assert len(other.rows()) == 1
    assert first_fault(rows) == ""


def test_a_row_that_was_changed_or_removed_is_found(table: Callable[[str], Audit]) -> None:
    audit = table("churn")
    for number in range(1, 6):
        audit.append(entry(number))
    rows = audit.rows()
    changed = replace(rows[2], content=rows[2].content.replace("ada", "bob"))
    assert first_fault([*rows[:2], changed, *rows[3:]]) == "row 3 was changed: its hash does not match its content"
    assert first_fault([*rows[:2], *rows[3:]]) == "row 3 is missing: row 4 follows row 2"
    # Written anew with a hash of its own, it no longer fits the row after it.
    again = type(changed).following(rows[1], changed.service, changed.entry)
    assert first_fault([*rows[:2], again, *rows[3:]]) == "row 4 does not follow row 3: one of them was changed"


def test_sqlite_refuses_to_change_a_row(tmp_path: Path) -> None:
    file = tmp_path / "home" / "audit.sqlite"
    audit = audit_at(f"sqlite:///{file}", "tenure/churn")
    audit.append(entry(1))
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o077) == (0o600, 0)
    with sqlite3.connect(file) as connection:
        same = "SELECT service, number, key, '{}', previous, hash FROM rollout_audit"
        for statement in (
            "UPDATE rollout_audit SET content = ''",
            "DELETE FROM rollout_audit",
            f"INSERT OR REPLACE INTO rollout_audit {same}",
            f"INSERT OR REPLACE INTO rollout_audit {same.replace('number', 'number + 1')}",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    assert audit.rows()[0].entry == entry(1)


@pytest.mark.parametrize(
    "change", ["x'00ff'", "cast(x'eda080' AS TEXT)", "'{'", "'[]'", "'{\"a\": 1}'", "5", "'\ud7ff'"]
)
def test_content_that_was_changed_in_the_file_is_one_line(
    tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    location = f"sqlite:///{tmp_path}/audit.sqlite"
    audit = audit_at(location, "tenure/churn")
    for number in (1, 2, 3):
        audit.append(entry(number))
    with sqlite3.connect(tmp_path / "audit.sqlite") as connection:
        connection.execute("DROP TRIGGER rollout_audit_update")
        connection.execute(f"UPDATE rollout_audit SET content = {change} WHERE number = 2")
    command = ["audit", "churn", "--namespace", "tenure", "--audit", location]
    for options in (["--verify"], ["--json"], []):
        with pytest.raises(SystemExit) as ended:
            main([*command, *options])
        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "tenure/churn: row 2 was changed" in line


def test_a_table_without_rows_is_not_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    location = f"sqlite:///{tmp_path}/audit.sqlite"
    with pytest.raises(SystemExit) as ended:
        main(["audit", "churn", "--namespace", "tenure", "--audit", location, "--verify"])
    assert ended.value.code == 2
    assert "tenure/churn: it has no rows" in capsys.readouterr().err


@needs_postgres
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rollout_audit SET content = ''",
        "DELETE FROM rollout_audit",
        "TRUNCATE rollout_audit",
        "DROP TABLE rollout_audit",
        "ALTER TABLE rollout_audit DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x int)",
        "GRANT UPDATE ON rollout_audit TO PUBLIC",
    ],
)
def test_postgresql_s_role_may_add_and_read_only(port: int, statement: str) -> None:
    import psycopg

    location = f"postgresql://rollout_audit:{OWN}@127.0.0.1:{port}/rollout_audit"
    audit = audit_at(location, "tenure/attacked")
    audit.append(entry(1))
    granted: list[tuple[Any, ...]] = []
    with psycopg.connect(location) as connection:
        try:
            connection.execute(statement)
            query = "SELECT grantee FROM information_schema.role_table_grants WHERE privilege_type = 'UPDATE'"
            granted = connection.execute(query).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            connection.rollback()
    assert granted == []
    assert audit.rows()[0].entry == entry(1)


@needs_postgres
@pytest.mark.parametrize("statement", ["UPDATE rollout_audit SET content = ''", "DELETE FROM rollout_audit"])
def test_postgresql_refuses_a_change_from_the_owner_too(port: int, statement: str) -> None:
    import psycopg

    with psycopg.connect(f"postgresql://{ADMIN}:{PASSWORD}@127.0.0.1:{port}/rollout_audit") as connection:
        connection.execute("INSERT INTO rollout_audit VALUES ('a/b', 1, 'k', '{}', '', 'x') ON CONFLICT DO NOTHING")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)


def test_a_database_that_is_away_is_an_error_without_its_password() -> None:
    with pytest.raises(SourceError, match=r"audit at 127\.0\.0\.1/audit") as raised:
        audit_at("postgresql://rollout_audit:secret@127.0.0.1:9/audit", "tenure/churn").check()
    assert "secret" not in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("location", ["", "sqlite:///", "mysql://a/b", "/tmp/audit"])
def test_a_location_that_is_none(location: str) -> None:
    with pytest.raises(InputError, match="neither sqlite:///FILE nor postgresql://"):
        audit_at(location, "tenure/churn")
