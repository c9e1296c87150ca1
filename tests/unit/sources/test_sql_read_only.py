"""A query reads: whatever else it tries, SQLite's file and its neighbours stay as they are."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, TenureError
from tenure.sources import open_source
from tenure.sources.formats.sql.read_only import _check_words

ROWS = 5


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a #1 50%.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table customers (id integer primary key, name text)")
        connection.executemany("insert into customers values (?, ?)", [(n, f"c{n}") for n in range(ROWS)])
        connection.execute("create view everyone as select * from customers")
        connection.execute("create virtual table notes using fts5(body)")
        connection.execute("insert into notes values ('left in may')")
    return path


def read(database: Path, query: str) -> list[dict]:
    source = open_source(Source(uri=f"sqlite:///{database}", query=query))
    return [row for batch in source.batches() for row in batch.columns.to_pylist()]


def state(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select id from customers", ROWS),
        ("with a as (select id from customers) select max(id) as m from a group by id % 2", 2),
        ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 9) select i from n", 9),
        ("select upper(name) as n from everyone;", ROWS),
        ("select body from notes where notes match 'may'", 1),
        ("values (1), (2)", 2),
        ("select 'drop table customers; delete' as a, name from customers -- ; delete from customers", ROWS),
    ],
)
def test_what_only_reads_is_answered(database: Path, query: str, rows: int) -> None:
    assert len(read(database, query)) == rows


@pytest.mark.parametrize(
    "query",
    [
        "drop table customers",
        "delete from customers",
        "delete from customers returning id",
        "insert into customers values (99, 'x') returning id",
        "update customers set name = 'x' returning id",
        "with a as (select 1) delete from customers returning id",
        "create table other as select * from customers",
        "create temp table other as select * from customers",
        "create virtual table other using fts5(a)",
        "insert into notes(notes) values ('optimize')",
        "select 1; drop table customers",
        "select 1;; drop table customers",
        "begin; drop table customers; commit",
        "pragma query_only = off",
        "pragma writable_schema = on",
        "pragma journal_mode = wal",
        "pragma user_version = 7",
        "select * from pragma_journal_mode",
        "pragma wal_checkpoint(truncate)",
        "attach database 'other.db' as other",
        "attach 'file:other.db?mode=rwc' as other",
        "detach main",
        "vacuum",
        "vacuum into 'other.db'",
        "reindex",
        "analyze",
        "alter table customers rename to other",
        "select load_extension('/tmp/evil.so')",
        "select writefile('other.db', 'x')",
        "select fts3_tokenizer('simple', x'0000000000000000')",
        "savepoint a",
        "update sqlite_master set sql = '' returning 1",
        "rollback",
        "explain query plan delete from customers",
    ],
)
def test_what_would_change_anything_is_refused(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = state(tmp_path)
    with pytest.raises(ContractError, match=r"'source\.query'") as caught:
        read(database, query)
    assert "\n" not in str(caught.value)
    assert state(tmp_path) == before
    assert len(read(database, "select id from customers")) == ROWS


def test_a_database_that_may_not_be_written_is_read(database: Path) -> None:
    database.chmod(0o444)
    assert len(read(database, "select id from customers")) == ROWS


def test_a_database_in_write_ahead_mode_is_read(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("insert into customers values (99, 'new')")
        connection.commit()
        assert len(read(database, "select id from customers")) == ROWS + 1
    assert len(read(database, "select id from customers")) == ROWS + 1


def test_a_locked_database_is_waited_for(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("begin exclusive")
        with pytest.raises(TenureError, match="locked"):
            open_source(Source(uri=f"sqlite:///{database}", query="select 1 from customers", timeout_s=3)).columns()


def test_another_driver_is_refused(database: Path) -> None:
    with pytest.raises(ContractError, match="cannot be opened read-only"):
        open_source(Source(uri=f"sqlite+pysqlcipher:///{database}", query="select 1")).columns()


def test_in_memory_there_is_nothing() -> None:
    source = open_source(Source(uri="sqlite://", query="select 1 as one"))
    assert source.columns() == ["one"]
    assert not Path(":memory:").exists()
    assert not os.path.lexists("file::memory:")


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        " \n-- a remark\n/* and\nanother */ (SELECT a FROM b);",
        "with a as (select 1) select last_update, updated from a;",
        "values (1)",
        "table customers",
    ],
)
def test_a_select_for_any_other_database(query: str) -> None:
    _check_words(query)


@pytest.mark.parametrize(
    "query",
    [
        "drop table a",
        "select 1; drop table a",
        "select 'a\\'; drop table a; -- '",
        "/*! drop table a */",
        "with c as (select 1) delete from a",
        "with c as (select 1) insert into a select 1",
        "select * into b from a",
        "select * from a into outfile '/tmp/x'",
        "select * from a for update",
        "start transaction read write",
        "set transaction read write",
        "exec xp_cmdshell 'x'",
        "call p()",
        "explain analyze delete from a",
        "selectx",
        "",
    ],
)
def test_no_select_for_any_other_database(query: str) -> None:
    with pytest.raises(ContractError, match=r"'source\.query'"):
        _check_words(query)


def test_a_long_beginning_is_checked_in_little_time() -> None:
    with pytest.raises(ContractError):
        _check_words("(/* */ -- \n" * 50_000)
