"""A query reads a real PostgreSQL: whatever else it tries, as a superuser too, nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import postgres_server
import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError, SourceError
from tenure.sources import open_source

pytestmark = pytest.mark.skipif(postgres_server.binaries() is None, reason="PostgreSQL is not installed")

ROWS = 5


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.Postgres]:
    with postgres_server.running("crm", "secret") as started:
        with started.connect() as connection:
            connection.execute(
                "create table customers as select n as id, 'c' || n as name from generate_series(1, 5) n"
            )
            connection.execute("create sequence numbers")
            connection.execute(
                "create function sneaky() returns int language sql as 'delete from customers returning 1'"
            )
            connection.execute("create extension if not exists dblink")
        yield started


def state(server: postgres_server.Postgres) -> list[tuple]:
    with server.connect() as connection:
        return connection.execute(
            "select (select count(*) from customers), (select count(*) from pg_class),"
            " (select count(*) from pg_largeobject_metadata), (select last_value::text || is_called from numbers),"
            " (select count(*) from pg_stat_activity where application_name = 'victim'),"
            " (select count(*) from pg_replication_slots), (select count(*) from pg_roles)"
        ).fetchall()


def read(server: postgres_server.Postgres, query: str, **settings: object) -> list[dict]:
    uri = f"postgresql://{server.user}:{server.password}@127.0.0.1:{server.port}/postgres"
    source = open_source(Source(uri=uri, query=query, **settings))
    return [row for batch in source.batches() for row in batch.columns.to_pylist()]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select id, random() as r, clock_timestamp() as now, gen_random_uuid()::text as u from customers", ROWS),
        ("with a as (select * from customers) select count(*) as n from a", 1),
        ("select name from customers where name <> 'drop table customers; delete' order by id;", ROWS),
        ("values (1), (2)", 2),
        ("table customers", ROWS),
        ("select count(*) as n from customers tablesample bernoulli (100)", 1),
        ("select current_setting('transaction_read_only') as r", 1),
    ],
)
def test_what_only_reads_is_answered(server: postgres_server.Postgres, query: str, rows: int) -> None:
    assert len(read(server, query)) == rows


@pytest.mark.parametrize(
    "query",
    [
        "drop table customers",
        "delete from customers returning id",
        "insert into customers values (9, 'x') returning id",
        "with a as (delete from customers returning *) select * from a",
        "with a as (insert into customers values (9, 'x') returning *) select * from a",
        "with a as (select 1) delete from customers returning 1",
        "select * into other from customers",
        "create table other as select * from customers",
        "select * from customers for update",
        "lock table customers",
        "select 1; drop table customers",
        "select 1; commit; drop table customers",
        "commit; drop table customers",
        "rollback; begin read write; drop table customers",
        "set transaction read write",
        "set session characteristics as transaction read write",
        "select set_config('transaction_read_only', 'off', true)",
        "select set_config('default_transaction_read_only', 'off', false)",
        "select \"set_config\" ('role', 'none', false)",
        "select pg_catalog . set_config ('statement_timeout', '0', false)",
        "select U&\"\\0073et_config\"('role', 'none', false)",
        "select u&\"!0073et_config\" uescape '!' ('role', 'none', false)",
        "select nextval('numbers')",
        "select setval('numbers', 77)",
        "select sneaky()",
        "select lo_import('/etc/hostname')",
        "select LO_FROM_BYTEA(0, 'x')",
        "select lo_export(1, '/tmp/x')",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'",
        "select pg_cancel_backend/**/(pid) from pg_stat_activity",
        "select query_to_xml('select pg_ter' || 'minate_backend(1)', true, true, '')",
        "select * from ts_stat('select pg_notify(1, 2)')",
        "select pg_notify('a', 'b')",
        "select pg_advisory_lock(1)",
        "select pg_create_physical_replication_slot('x')",
        "select pg_create_restore_point('x')",
        "select pg_switch_wal()",
        "select pg_reload_conf()",
        "select pg_stat_reset()",
        "select pg_read_file('/etc/hostname')",
        "select pg_ls_dir('/')",
        "select dblink_exec('dbname=postgres', 'drop table customers')",
        "select * from dblink('dbname=postgres', 'delete from customers returning id') as t(id int)",
        "copy customers to program 'touch {marker}'",
        "copy (select 1) to program 'touch {marker}'",
        "copy customers to '{marker}'",
        "do $$ begin drop table customers; end $$",
        "call pg_catalog.pg_sleep(1)",
        "explain analyze delete from customers",
        "prepare transaction 'x'",
        "vacuum customers",
        "truncate customers",
        "grant all on customers to public",
        "create role evil superuser",
        "alter system set work_mem = '1MB'",
        "listen a",
        "savepoint a",
        "discard all",
    ],
)
def test_what_would_change_anything_is_refused(server: postgres_server.Postgres, tmp_path: Path, query: str) -> None:
    tmp_path.chmod(0o777)
    marker = tmp_path / "marker"
    with server.connect() as victim:
        victim.execute("set application_name = 'victim'")
        before = state(server)
        with pytest.raises(ContractError) as caught:
            read(server, query.replace("{marker}", str(marker)))
        assert state(server) == before
        assert victim.execute("select 1").fetchone() == (1,)
    assert before[0][0] == ROWS
    assert not marker.exists()
    assert "\n" not in str(caught.value)


def test_a_query_that_is_not_waited_for_is_ended_by_the_server(server: postgres_server.Postgres) -> None:
    with pytest.raises(SourceError, match=r"did not answer within 0\.3 s"):
        read(server, "select pg_sleep(30) as marked_query", timeout_s=0.3)
    running = (
        "select count(*) from pg_stat_activity"
        " where query like '%marked_query%' and pid <> pg_backend_pid() and state = 'active'"
    )
    with server.connect() as connection:
        deadline = connection.execute("select clock_timestamp() + interval '8 s'").fetchone()
        while connection.execute(running).fetchone() != (0,):
            assert connection.execute("select clock_timestamp() < %s", deadline).fetchone() == (True,)
            connection.execute("select pg_sleep(0.2)")
