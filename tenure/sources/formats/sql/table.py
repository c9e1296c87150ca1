"""The result of a query, streamed from a database by SQLAlchemy. The database is only read, see ``read_only``."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from tenure.contract import settings
from tenure.errors import ContractError, DataError, SourceError, TenureError
from tenure.sources.address import Address
from tenure.sources.formats.sql import read_only
from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch
from tenure.sources.watchdog import watched

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine


class SqlTable:
    """The rows of a query, fetched ``chunk_rows`` at a time, by a server-side cursor where the driver has one."""

    def __init__(self, address: Address, source: settings.Source) -> None:
        if not source.query:
            raise ContractError(f"'source.query' is missing: the SELECT statement to send to {address.shown}")
        self._address = address
        self._settings = source
        self._query = source.query
        self._whole_s = max(1, math.ceil(source.timeout_s))
        self._names: list[str] = []
        self._answer: Iterator[list[str] | pa.RecordBatch] | None = None

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        self._start()
        return list(self._names)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        answer = self._start()
        # Names and rows are one result, and the query runs once for both; another call runs it again.
        self._answer = None
        wanted = self._names if columns is None else list(columns)
        last = 0
        for item in answer:
            chunk = cast(pa.RecordBatch, item).select(wanted)
            rows = pa.array(np.arange(last + 1, last + 1 + chunk.num_rows, dtype=np.int64))
            last += chunk.num_rows
            yield Batch(chunk, rows, (), None)

    def close(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            cast("Generator[Any, None, None]", answer).close()

    def _start(self) -> Iterator[list[str] | pa.RecordBatch]:
        if self._answer is None:
            answer = watched(self._fetch, self._settings.timeout_s, self.shown)
            self._names = cast("list[str]", next(answer))
            self._answer = answer
        return self._answer

    def _fetch(self) -> Generator[list[str] | pa.RecordBatch, None, None]:
        """Yield the column names, then chunks of rows; runs in the watchdog's thread, which owns the connection."""
        engine = self._engine()
        try:
            with self._connect(engine) as connection:
                yield from self._rows(connection)
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
        from sqlalchemy.pool import NullPool

        try:
            url = make_url(self._address.uri)
            if url.drivername in ("postgres", "postgresql"):
                url = url.set(drivername="postgresql+psycopg")
            if url.drivername.startswith("sqlite") and url.database and not Path(url.database).is_file():
                # SQLite would create an empty database.
                raise DataError(f"no such file: {url.database}")
            return create_engine(url, poolclass=NullPool, **read_only.connect_arguments(url, self._whole_s))
        except TenureError:
            raise
        except (NoSuchModuleError, ImportError) as error:
            name = f"{self._address.scheme}://"
            raise ContractError(f"'source.uri': no driver for {name}: {self._address.clean(error)}") from None
        except (ArgumentError, ValueError):
            raise ContractError("'source.uri' is neither a file nor the address of a database") from None

    def _connect(self, engine: Engine) -> Connection:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return engine.connect().execution_options(
                stream_results=True, max_row_buffer=self._settings.chunk_rows, no_parameters=True
            )
        except SQLAlchemyError as error:
            raise SourceError(f"cannot connect to {self.shown}: {self._message(error)}") from None

    def _rows(self, connection: Connection) -> Generator[list[str] | pa.RecordBatch, None, None]:
        from sqlalchemy import exc

        try:
            # The server ends a statement after the watchdog has stopped waiting for it.
            read_only.begin(connection, self._query, self._whole_s + 1)
            # The statement is passed to the driver unchanged: colons and percent signs are not parameters.
            result = connection.exec_driver_sql(self._query)
            names = unique_names(list(result.keys()))
            yield names
            while rows := result.fetchmany(self._settings.chunk_rows):
                yield pa.RecordBatch.from_arrays([_array(column) for column in zip(*rows, strict=True)], names=names)
        except sqlite3.Warning:  # in Python 3.11 what later ones report as a ProgrammingError
            raise ContractError("'source.query' has several statements: it must be one SELECT statement") from None
        except exc.ResourceClosedError:
            raise ContractError("'source.query' returns no rows: it must be a SELECT statement") from None
        except exc.DBAPIError as error:
            message = self._message(error)
            if read_only.is_write(error, connection.dialect.name):
                raise ContractError(f"'source.query' must be a SELECT statement that only reads: {message}") from None
            if _is_the_query(error, connection.dialect.name):
                raise ContractError(f"'source.query' is refused by {self.shown}: {message}") from None
            raise SourceError(f"{self.shown} failed: {message}") from None

    def _message(self, error: Exception) -> str:
        return self._address.clean(cast(Exception, getattr(error, "orig", None) or error))


def _is_the_query(error: Exception, dialect: str) -> bool:
    """Whether the database refuses this query, rather than failing at any query."""
    from sqlalchemy import exc

    # DataError: a division by zero, a text that is cast to a number.
    if isinstance(error, exc.ProgrammingError | exc.DataError):
        return True
    # SQLite reports a wrong statement as an OperationalError, with the code of an error that is none of the file's.
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return dialect == "sqlite" and code == sqlite3.SQLITE_ERROR


def _array(values: Sequence[Any]) -> pa.Array:
    """A column of a chunk; values without a common Arrow type become text, which is parsed like a CSV's."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
