"""A database that is only read: whatever a contract's query is, it changes nothing.

============  ==========================================================================================
SQLite        the file is opened read-only, and an authorizer allows nothing but reading tables
PostgreSQL    a read-only transaction, ended by a rollback; the query is sent inside ``DECLARE CURSOR`` by
              the extended protocol, which takes one SELECT; functions that act outside of the transaction,
              such as ``pg_terminate_backend`` and ``dblink``, are refused by name
others        one statement that is a SELECT by its words, ended by a rollback; MySQL, MariaDB and Oracle
              in a read-only transaction, DuckDB in a file opened read-only
============  ==========================================================================================

What a role may do is the database's to say: functions of its owner's own are not looked into. A role that may only
SELECT is right for a source.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from tenure.errors import ContractError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.exc import DBAPIError

SQLITE_ACTIONS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
"""What an authorizer of SQLite allows, besides functions. Not among them: PRAGMA, ATTACH and every write."""
SQLITE_REFUSED = frozenset({"load_extension", "fts3_tokenizer", "writefile", "edit"})
SQLITE_REFUSALS = ("not authorized", "authorization denied", "readonly database", "may not be modified", "prohibited")
"""Parts of SQLite's messages when its authorizer, or a file opened read-only, refuses a statement."""
POSTGRESQL_REFUSALS = ("25006", "0A000")
"""SQLSTATE of a write in a read-only transaction, and of a statement in WITH that writes."""

BEGIN = {
    "mysql": "START TRANSACTION READ ONLY",
    "mariadb": "START TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
"""Statement that begins a read-only transaction, by dialect."""

READS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*+(?:select|with|values|table)\b", re.IGNORECASE | re.DOTALL)
WRITES = re.compile(r"\b(?:into|insert|update|delete|merge|call|exec|execute)\b", re.IGNORECASE)

ACTING_FUNCTIONS = """
    select distinct p.proname from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    left join pg_catalog.pg_depend d on d.objid = p.oid and d.deptype = 'e'
    where p.provolatile = 'v' and (n.nspname = 'pg_catalog' or d.objid is not null)
"""
"""Functions of PostgreSQL, and of its extensions, that may do more than compute."""
COMPUTING_FUNCTIONS = re.compile(
    r"random|random_normal|setseed|bernoulli|system|clock_timestamp|timeofday|current_query|currval|lastval|txid_status"
    r"|gen_random_(?:uuid|bytes)|uuid_generate_\w+|gen_salt|crypt|pg_sleep\w*|pg_\w+_size|pg_is_in_recovery"
)
"""Those that are volatile for the value that they return."""
NAME = re.compile(r"[a-z_\x80-\U0010ffff][\w$]*", re.IGNORECASE)
ESCAPED_NAME = re.compile(r'\bu&"', re.IGNORECASE)


def connect_arguments(url: URL, timeout_s: int) -> dict[str, Any]:
    """Arguments of ``create_engine`` that make its connections read-only, and wait for ``timeout_s`` to connect.

    Raises:
        ContractError: the driver cannot open the database read-only.
    """
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.get_driver_name() not in ("pysqlite", ""):
            raise ContractError(f"'source.uri': {url.drivername}:// cannot be opened read-only, use sqlite://")
        return {"creator": lambda: _sqlite(url.database, timeout_s)}
    arguments = {"postgresql": {"connect_timeout": timeout_s}, "duckdb": {"read_only": True}}
    return {"connect_args": arguments.get(backend, {})}


def begin(connection: Connection, query: str, timeout_s: int) -> None:
    """Begin a transaction in which ``query`` can only read.

    Args:
        connection: without a transaction.
        query: is checked, not sent.
        timeout_s: seconds after which PostgreSQL ends a statement by itself, that it does not go on when nobody waits.

    Raises:
        ContractError: the query may do more than read.
    """
    backend, driver = connection.dialect.name, connection.dialect.driver
    if backend == "sqlite":
        # Only now: SQLAlchemy's own first statements are PRAGMAs.
        cast(sqlite3.Connection, connection.connection.dbapi_connection).set_authorizer(_authorize)
        return
    if (backend, driver) != ("postgresql", "psycopg"):
        _check_words(query)
    if backend == "postgresql":
        connection.execution_options(postgresql_readonly=True)
        _check_functions(query, {name for (name,) in connection.exec_driver_sql(ACTING_FUNCTIONS)})
        connection.exec_driver_sql(f"select set_config('statement_timeout', '{timeout_s}s', true)").all()
    elif backend in BEGIN:
        connection.exec_driver_sql(BEGIN[backend]).close()


def is_write(error: DBAPIError, backend: str) -> bool:
    """Whether the database refuses a query because it does more than read."""
    if backend == "postgresql":
        return getattr(error.orig, "sqlstate", None) in POSTGRESQL_REFUSALS
    return backend == "sqlite" and any(what in str(error.orig) for what in SQLITE_REFUSALS)


def _sqlite(path: str | None, timeout_s: int) -> sqlite3.Connection:
    in_memory = path is None or path in ("", ":memory:")
    uri = "file::memory:" if in_memory else f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, check_same_thread=False)
    connection.execute("pragma query_only = on").close()
    connection.execute("pragma trusted_schema = off").close()
    return connection


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """The answer to an action of a statement, before it runs.

    A full-text table that is opened asks for two PRAGMAs, and declares its columns: in SQLite's terms an update of
    ``sqlite_master``, which none is made of in a file opened read-only.
    """
    allowed = action in SQLITE_ACTIONS
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = str(second).lower() not in SQLITE_REFUSED
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = first in ("data_version", "page_size") and second is None
    elif action == sqlite3.SQLITE_UPDATE:
        allowed = first == "sqlite_master"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _check_words(query: str) -> None:
    """Check a query of a database whose driver may send several statements, or any.

    Raises:
        ContractError: it is not one SELECT, or contains a word that could write, be it in a text.
    """
    one = query.strip().rstrip(";")
    if ";" in one:
        raise ContractError("'source.query' contains ';': it must be one SELECT statement")
    if READS.match(one) is None:
        raise ContractError("'source.query' must be a SELECT statement")
    found = WRITES.search(one)
    if found is not None:
        raise ContractError(f"'source.query' contains '{found[0]}': it may only read, so read from a view instead")


def _check_functions(query: str, acting: set[str]) -> None:
    """Check a query of PostgreSQL, wherever it names a function: in quotes, before a comment, in a text.

    Raises:
        ContractError: it names a function that a rollback does not undo, or could hide one.
    """
    if ESCAPED_NAME.search(query):
        raise ContractError("'source.query' contains a name with escapes (U&\"…\"): write the name itself")
    for name in NAME.findall(query):
        known = name.lower()
        if known in acting and COMPUTING_FUNCTIONS.fullmatch(known) is None:
            raise ContractError(f"'source.query' names {name}, which may do more than read: read from a view instead")
