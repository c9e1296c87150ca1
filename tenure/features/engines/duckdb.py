"""The engine for more events than memory holds. DuckDB reads the columns and rows that are needed and hashes keys;
customers are dealt into files by these hash values, and one bin of customers is computed at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.atomic import storage_errors
from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.errors import InputError
from tenure.features.compute import compute
from tenure.features.engines.bins import HASHES, Bins, fill_bins
from tenure.features.engines.pruning import Bound, bounds
from tenure.features.tables import Tables, assembly_of

if TYPE_CHECKING:
    import duckdb

DEFAULT_MEMORY_MB = 2_048
BYTES_A_ROW = 400
"""Memory that a row takes while its customer is computed, at most; measured with five columns and 29 windows: 190."""
BATCH_ROWS = 1 << 17
PLACE = "_place"
CUSTOMERS = "_customers"
MIN_BIN_ROWS = 50_000
MIN_DUCKDB_MB = 64


class DuckDB:
    """Tables of any size, in Parquet files or read batch by batch.

    Args:
        memory_mb: what dealing and computing take, at most, beside the rows that are returned. A single customer's rows
            are computed together: one with more than fit needs more.
        folder: where the dealt rows are kept meanwhile, uncompressed; the system's temporary folder by default.
    """

    name = "duckdb"

    def __init__(self, memory_mb: int = DEFAULT_MEMORY_MB, folder: Path | None = None) -> None:
        self._bytes = memory_mb << 20
        self._folder = folder

    def panel(
        self, contract: Contract, tables: Tables, instants: Sequence[int], customers: pa.Array | None = None
    ) -> Iterator[pa.RecordBatch]:
        """See ``Engine.panel``.

        Raises:
            InputError: DuckDB is not installed.
            DataError: as ``compute``.
            StorageError: the disk is full or cannot be written.
        """
        assembly = assembly_of(contract)
        limit = max(MIN_BIN_ROWS, self._bytes // BYTES_A_ROW)
        with (
            storage_errors(self._folder or Path(tempfile.gettempdir())),
            tempfile.TemporaryDirectory(prefix="tenure-features-", dir=self._folder) as temporary,
            _connected(self._bytes // 4, Path(temporary)) as connection,
        ):
            readers = {
                name: _Reader(connection, assembly, tables, name, instants=instants, customers=customers)
                for name in assembly.tables
            }
            counts = sum((reader.counts() for reader in readers.values()), np.zeros(HASHES, dtype=np.int64))
            bins = fill_bins(counts, limit)
            parts = int(bins.max()) + 1
            folder = Path(temporary)
            schemas = {name: _deal(reader, bins, parts, folder, name) for name, reader in readers.items()}
            for part in range(parts):
                dealt = {name: _dealt(folder, schema, name, part) for name, schema in schemas.items()}
                found = compute(assembly, dealt, instants)
                if found.num_rows or part == parts - 1:
                    yield from found.to_batches() or [pa.RecordBatch.from_pylist([], schema=found.schema)]


class _Reader:
    """A table as DuckDB reads it: the columns that are needed, the rows that can count at one of the instants."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        assembly: Assembly,
        tables: Tables,
        name: str,
        *,
        instants: Sequence[int],
        customers: pa.Array | None,
    ) -> None:
        described = assembly.tables[name]
        self._connection = connection
        self._key = _quoted(described.key_column)
        self.columns = assembly.columns_of(name, label=False)
        self._tables, self._name = tables, name
        conditions = [condition for bound in bounds(assembly, name, instants) for condition in _conditions(bound)]
        if customers is not None:
            conditions.append(f"{self._key} IN (FROM {CUSTOMERS})")
        self._customers = customers
        self._where = f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def counts(self) -> NDArray[np.int64]:
        """Rows of each hash value; shape (HASHES,)."""
        query = f"SELECT hash({self._key}) % {HASHES} AS place, count(*) AS rows FROM {{}}{self._where} GROUP BY place"  # noqa: S608 names are quoted
        found = self._run(query).fetchnumpy()
        counts = np.zeros(HASHES, dtype=np.int64)
        counts[np.asarray(found["place"], dtype=np.int64)] = np.asarray(found["rows"], dtype=np.int64)
        return counts

    def read(self) -> pa.RecordBatchReader:
        """Batches of the columns, and ``PLACE``: the hash value of each row's key."""
        columns = ", ".join(map(_quoted, self.columns))
        query = f"SELECT {columns}, (hash({self._key}) % {HASHES})::SMALLINT AS {PLACE} FROM {{}}{self._where}"  # noqa: S608
        return self._run(query).to_arrow_reader(BATCH_ROWS)

    def _run(self, query: str) -> duckdb.DuckDBPyRelation:
        """A query of the table, which stands for ``{}``."""
        # A cursor of its own: a connection holds one unfinished result.
        cursor = self._connection.cursor()
        if self._customers is not None:
            cursor.register(CUSTOMERS, pa.table({"key": self._customers}))
        path = self._tables.paths.get(self._name)
        if path is not None:
            return cursor.sql(query.format("read_parquet(?)"), params=[str(path)])
        cursor.register("_source", self._source())
        return cursor.sql(query.format("_source"))

    def _source(self) -> pa.RecordBatchReader | pa.Table:
        batches = self._tables.batches(self._name, self.columns)
        first = next(batches, None)
        if first is None:
            return self._tables.table(self._name, self.columns)
        return pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))


def is_installed() -> bool:
    """Whether DuckDB can be imported."""
    return find_spec("duckdb") is not None


@contextlib.contextmanager
def _connected(memory_bytes: int, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        import duckdb
    except ImportError:
        raise InputError("the engine duckdb is not installed: pip install 'tenure[duckdb]'") from None
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{max(memory_bytes >> 20, MIN_DUCKDB_MB)}MiB",
        "temp_directory": str(folder),
        "preserve_insertion_order": "false",
        "threads": str(len(os.sched_getaffinity(0))),
        # No extension is fetched, and no other file is read than those that are named.
        "autoinstall_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        yield connection


def _dealt(folder: Path, schema: pa.Schema, name: str, part: int) -> pa.Table:
    """The rows of a bin; its file is removed, and read as they are used."""
    path = folder / f"{name}-{part}.arrow"
    if not path.exists():
        return schema.empty_table()
    with pa.memory_map(str(path)) as source:
        found = pa.ipc.open_file(source).read_all()
    path.unlink()
    return found


def _conditions(bound: Bound) -> Iterator[str]:
    for sign, moment in ((">=", bound.low), ("<", bound.high)):
        if moment is not None:
            yield f"{_quoted(bound.column)} {sign} make_timestamp({moment})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _deal(reader: _Reader, bins: Bins, parts: int, folder: Path, name: str) -> pa.Schema:
    """Write the rows of each bin to a file of its own; returns their schema."""
    with contextlib.ExitStack() as stack:
        writers: dict[int, pa.RecordBatchFileWriter] = {}
        result = reader.read()
        for whole in result:
            batch, places = whole.select(reader.columns), whole.column(PLACE).to_numpy()
            part_of = bins[places]
            order = np.argsort(part_of, kind="stable")
            ordered = batch.take(pa.array(order))
            ends = np.cumsum(np.bincount(part_of, minlength=parts))
            start = 0
            for part, end in enumerate(ends.tolist()):
                if end > start:
                    if part not in writers:
                        file = pa.ipc.new_file(folder / f"{name}-{part}.arrow", batch.schema)
                        writers[part] = stack.enter_context(file)
                    writers[part].write_batch(ordered.slice(start, end - start))
                start = end
        return pa.schema([result.schema.field(column) for column in reader.columns])
