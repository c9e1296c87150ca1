"""SQL from a real PostgreSQL, where one is installed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import postgres_server
import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, SourceError
from tenure.sources import open_source

PASSWORD = "s3cret%pass"
QUOTED = "s3cret%25pass"

pytestmark = pytest.mark.skipif(postgres_server.binaries() is None, reason="PostgreSQL is not installed")


@dataclass
class Server:
    server: postgres_server.Postgres

    @property
    def port(self) -> int:
        return self.server.port

    def uri(self, password: str = QUOTED) -> str:
        return f"postgresql://crm:{password}@127.0.0.1:{self.port}/postgres"

    def source(self, query: str, password: str = QUOTED, **settings: object):
        return open_source(Source(uri=self.uri(password), query=query, **settings))

    def execute(self, statement: str) -> tuple[Any, ...]:
        """The first row of a statement that may do anything."""
        with self.server.connect() as connection:
            return connection.execute(statement).fetchone() or ()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server.running("crm", PASSWORD) as started:
        yield Server(started)


QUERY = """
    select n as id, 'customer ' || n as name, n * 0.5::numeric(12, 2) as spend, n % 2 = 0 as is_active,
           date '2024-01-01' + n % 300 as joined, timestamptz '2024-01-01 12:00+02' + n * interval '1 s' as seen,
           nullif(n % 10, 0) as visits, md5(n::text)::uuid as token
    from generate_series(1, {rows}) as n order by n
"""


def test_every_type_arrives(server: Server) -> None:
    source = server.source(QUERY.format(rows=1000), chunk_rows=400)
    assert source.columns() == ["id", "name", "spend", "is_active", "joined", "seen", "visits", "token"]
    batches = list(source.batches())
    assert [batch.columns.num_rows for batch in batches] == [400, 400, 200]
    row = batches[0].columns.slice(9, 1).to_pylist()[0]
    assert (row["id"], row["name"], float(row["spend"]), row["is_active"], row["visits"]) == (
        10,
        "customer 10",
        5.0,
        True,
        None,
    )
    assert str(row["joined"]) == "2024-01-11"
    assert row["seen"].timestamp() == 1704103210.0
    assert str(row["token"]) == "d3d94468-02a4-4259-755d-38e6d163e820"


def test_a_large_answer_stays_on_the_server(server: Server) -> None:
    batches = server.source(QUERY.format(rows=60_000), chunk_rows=1_000).batches(["id", "name"])
    next(batches)
    tracemalloc.start()
    count = sum(batch.columns.num_rows for batch in batches)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 59_000
    assert most < 5e6


def test_a_query_that_hangs(server: Server) -> None:
    with pytest.raises(
        SourceError, match=r"postgresql://crm:\*\*\*@127\.0\.0\.1:\d+/postgres did not answer within 0\.3 s"
    ):
        server.source("select pg_sleep(20)", timeout_s=0.3).columns()


def test_an_answer_that_stops_half_way(server: Server) -> None:
    query = "select n, case when n > 1000 then pg_sleep(20)::text end from generate_series(1, 2000) as n"
    batches = server.source(query, timeout_s=1.0, chunk_rows=500).batches()
    assert next(batches).columns.num_rows == 500
    with pytest.raises(SourceError, match=r"did not answer within 1 s"):
        list(batches)


@pytest.mark.parametrize(
    ("query", "message"),
    [("select * from nowhere", 'relation "nowhere" does not exist'), ("selekt", "syntax error"), ("vacuum", "refused")],
)
def test_a_query_that_cannot_be_answered(server: Server, query: str, message: str) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        server.source(query).columns()
    assert "\n" not in str(caught.value)


def test_a_wrong_password_is_not_told(server: Server) -> None:
    with pytest.raises(SourceError, match="cannot connect") as caught:
        server.source("select 1", password="wrong-hunter2").columns()
    assert "hunter2" not in str(caught.value)
    assert "password authentication failed" in str(caught.value)


def test_the_address_comes_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_URL", server.uri())
    source = open_source(Source(uri="${CRM_URL}", query="select 1 as one"))
    assert PASSWORD not in source.shown
    assert QUOTED not in source.shown
    (batch,) = source.batches()
    assert batch.columns.to_pylist() == [{"one": 1}]


def test_a_server_that_dies_half_way(server: Server) -> None:
    """Its back end is ended, as by an operator or a crash."""
    batches = server.source(QUERY.format(rows=200_000), chunk_rows=1_000).batches()
    next(batches)
    ended = server.execute(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    assert ended[0] >= 1
    with pytest.raises(SourceError, match="postgresql://crm") as caught:
        list(batches)
    assert "\n" not in str(caught.value)
