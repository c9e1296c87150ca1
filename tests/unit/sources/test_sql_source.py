"""SQL through SQLAlchemy, on SQLite."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError, SourceError
from tenure.sources import open_source


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "crm.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table customers (id integer, name text, spend real, mixed)")
        rows = [(n, f"c{n}", n / 2, n if n % 2 else "odd") for n in range(1, 1_001)]
        connection.executemany("insert into customers values (?, ?, ?, ?)", rows)
    return path


def source_of(database: Path, query: str = "select * from customers", **settings: object):
    return open_source(Source(uri=f"sqlite:///{database}", query=query, **settings))


def test_a_query_streams_by_chunks(database: Path) -> None:
    source = source_of(database, chunk_rows=300)
    assert source.columns() == ["id", "name", "spend", "mixed"]
    batches = list(source.batches(["spend", "id"]))
    assert [batch.columns.num_rows for batch in batches] == [300, 300, 300, 100]
    table = pa.Table.from_batches([batch.columns for batch in batches])
    assert table.schema == pa.schema({"spend": pa.float64(), "id": pa.int64()})
    assert table["id"].to_pylist() == [n for batch in batches for n in batch.rows.to_pylist()] == list(range(1, 1_001))


def test_a_column_without_one_type_becomes_text(database: Path) -> None:
    (batch,) = source_of(database).batches(["mixed"])
    assert batch.columns.column(0).to_pylist()[:3] == ["1", "odd", "3"]


def test_the_query_is_sent_as_it_is(database: Path) -> None:
    query = "select id, ':x' as a, '50%' as b from customers where name like 'c1%' and name <> ':y' order by id limit 1"
    (batch,) = source_of(database, query).batches()
    assert batch.columns.to_pylist() == [{"id": 1, "a": ":x", "b": "50%"}]


def test_no_rows(database: Path) -> None:
    source = source_of(database, "select * from customers where id < 0")
    assert source.columns() == ["id", "name", "spend", "mixed"]
    assert list(source.batches()) == []


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("select * from nowhere", ContractError, r"'source\.query' is refused by sqlite:///.*no such table: nowhere"),
        ("select abs()", ContractError, r"'source\.query' is refused by .*wrong number of arguments"),
        ("select json('{')", ContractError, r"'source\.query' is refused by .*malformed JSON"),
        ("select zeroblob(2000000000)", ContractError, r"'source\.query' is refused by .*too big"),
        ("selekt 1", ContractError, "syntax error"),
        ("create table x (a)", ContractError, "must be a SELECT statement"),
    ],
)
def test_a_query_that_cannot_be_answered(database: Path, query: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        source_of(database, query).columns()
    assert "\n" not in str(caught.value)


def test_columns_without_a_name_of_their_own(database: Path) -> None:
    source = source_of(database, "select id, name as id, spend as '' from customers limit 1")
    assert source.columns() == ["id", "id_2", "column_3"]
    (batch,) = source.batches(["column_3", "id_2"])
    assert batch.columns.to_pylist() == [{"column_3": 0.5, "id_2": "c1"}]


def test_a_query_is_needed(database: Path) -> None:
    with pytest.raises(ContractError, match=r"'source\.query' is missing"):
        open_source(Source(uri=f"sqlite:///{database}"))


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file: .*nothing\.db"):
        source_of(tmp_path / "nothing.db").columns()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(SourceError, match="file is not a database"):
        source_of(tmp_path / "x.db").columns()


def test_no_driver() -> None:
    with pytest.raises(ContractError, match="no driver for nosuch://"):
        open_source(Source(uri="nosuch://h/d", query="select 1")).columns()


def test_a_query_that_hangs(database: Path) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000000) select max(i) from n"
    with pytest.raises(SourceError, match=r"crm\.db did not answer within 0\.2 s"):
        source_of(database, endless, timeout_s=0.2).columns()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_server_that_is_down(closed_port: int) -> None:
    source = Source(uri=f"postgresql://me:hunter2@127.0.0.1:{closed_port}/crm", query="select 1", timeout_s=20)
    with pytest.raises(SourceError, match=r"cannot connect to postgresql://me:\*\*\*@127\.0\.0\.1") as caught:
        open_source(source).columns()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    taken: list[socket.socket] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken.append(listener.accept()[0])

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for connection in taken:
        connection.close()


def test_a_server_that_hangs(silent_port: int) -> None:
    source = Source(uri=f"postgresql://me:hunter2@127.0.0.1:{silent_port}/crm", query="select 1", timeout_s=0.3)
    with pytest.raises(SourceError, match=r"did not answer within 0\.3 s") as caught:
        open_source(source).columns()
    assert "hunter2" not in str(caught.value)
