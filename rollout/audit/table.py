"""The audit's table: in PostgreSQL on a cluster, in a SQLite file on a laptop.

PostgreSQL's role may INSERT and SELECT only, and both refuse UPDATE and DELETE by triggers; SQLite refuses REPLACE by
one of its own, since REPLACE does not fire those of DELETE. The table of PostgreSQL is made by
k8s/components/rollout-audit/audit.sql.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from rollout.audit.entry import Entry, Row
from tenure.errors import InputError, SourceError, one_line
from tenure.file_modes import create_file, make_folder

SQLITE = "sqlite:///"
TIMEOUT_S = 5
COLUMNS = "service, number, key, content, previous, hash"
_SQLITE_TABLE = """
CREATE TABLE IF NOT EXISTS rollout_audit (
    service TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (service, number), UNIQUE (service, key)
);
CREATE TRIGGER IF NOT EXISTS rollout_audit_replace BEFORE INSERT ON rollout_audit
WHEN EXISTS (SELECT 1 FROM rollout_audit WHERE service = NEW.service AND (number = NEW.number OR key = NEW.key))
BEGIN SELECT RAISE(ABORT, 'rollout_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS rollout_audit_update BEFORE UPDATE ON rollout_audit
BEGIN SELECT RAISE(ABORT, 'rollout_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS rollout_audit_delete BEFORE DELETE ON rollout_audit
BEGIN SELECT RAISE(ABORT, 'rollout_audit is append-only'); END;
"""


class Audit(Protocol):
    """The audit of one service. Methods raise ``SourceError`` if the table cannot be reached or refuses."""

    def append(self, entry: Entry) -> None:
        """Add a row; nothing happens if the service has one with that key."""

    def rows(self) -> list[Row]:
        """All rows, oldest first."""

    def check(self) -> None:
        """Check that rows can be added now."""


def audit_at(location: str, service: str) -> Audit:
    """The audit of a service.

    Args:
        location: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.
        service: namespace and name.

    Raises:
        InputError: ``location`` is neither.
    """
    if location.startswith(SQLITE) and len(location) > len(SQLITE):
        return _Table(service, _Sqlite(Path(location.removeprefix(SQLITE))), "?")
    if urlsplit(location).scheme in ("postgresql", "postgres"):
        return _Table(service, _Postgres(location), "%s")
    raise InputError("the audit's location is neither sqlite:///FILE nor postgresql://USER:PASSWORD@HOST/DATABASE")


class _Database(Protocol):
    """Opens a transaction; every error of the database leaves as ``SourceError``."""

    def transaction(self) -> contextlib.AbstractContextManager[Any]: ...


class _Table:
    def __init__(self, service: str, database: _Database, mark: str) -> None:
        self._service = service
        self._database = database
        self._mark = mark

    def append(self, entry: Entry) -> None:
        where = f"FROM rollout_audit WHERE service = {self._mark}"
        values = ", ".join([self._mark] * 6)
        with self._database.transaction() as connection:
            known = connection.execute(f"SELECT 1 {where} AND key = {self._mark}", (self._service, entry.key))
            if known.fetchone() is not None:
                return
            last = connection.execute(f"SELECT {COLUMNS} {where} ORDER BY number DESC LIMIT 1", (self._service,))
            found = last.fetchone()
            row = Row.following(Row(*found) if found else None, self._service, entry)
            connection.execute(
                f"INSERT INTO rollout_audit ({COLUMNS}) VALUES ({values})",  # noqa: S608
                (row.service, row.number, row.key, row.content, row.previous, row.hash),
            )

    def rows(self) -> list[Row]:
        query = f"SELECT {COLUMNS} FROM rollout_audit WHERE service = {self._mark} ORDER BY number"  # noqa: S608
        with self._database.transaction() as connection:
            return [Row(*found) for found in connection.execute(query, (self._service,)).fetchall()]

    def check(self) -> None:
        with self._database.transaction() as connection:
            connection.execute("SELECT 1 FROM rollout_audit LIMIT 1").fetchone()


class _Sqlite:
    def __init__(self, file: Path) -> None:
        self._file = file

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._file.exists():
                make_folder(self._file.parent)
                with contextlib.suppress(FileExistsError):  # another process was faster
                    create_file(self._file).close()
            connection = sqlite3.connect(self._file, timeout=TIMEOUT_S, isolation_level=None)
            with contextlib.closing(connection):
                # Text that is not UTF-8 was changed; the row's hash says so.
                connection.text_factory = lambda text: text.decode(errors="replace")
                connection.executescript(_SQLITE_TABLE)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise SourceError(f"audit {self._file}: {error}") from error


class _Postgres:
    def __init__(self, location: str) -> None:
        self._location = location

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        # Not at the top: a laptop and the deploy step need no PostgreSQL, and the import takes a moment.
        import psycopg

        parts = urlsplit(self._location)
        try:
            limits = f"-c statement_timeout={TIMEOUT_S}s -c lock_timeout={TIMEOUT_S}s"
            with psycopg.connect(
                self._location, connect_timeout=TIMEOUT_S, options=limits, tcp_user_timeout=1000 * TIMEOUT_S
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise SourceError(f"audit at {parts.hostname}{parts.path}: {one_line(error, 300)}") from error
