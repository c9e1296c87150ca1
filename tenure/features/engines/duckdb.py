"""The engine for more events than memory holds. DuckDB reads the columns and rows that are needed and hashes keys;
customers are dealt into files by these hash values, and one bin of customers is computed at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.atomic import storage_errors
from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.errors import InputError
from tenure.features.compute import compute
from tenure.features.engines.bins import HASHES, Bins, fill_bins
from tenure.features.engines.engine import Engine, OfCustomers
from tenure.features.engines.pruning import Bound, bounds
from tenure.features.tables import Tables

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


class DuckDB(Engine):
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
        """See ``Engine.panel``. Only rows that can count at one of the instants are read."""
        assembly = assembly_of(contract)
        columns = {name: assembly.columns_of(name, label=False) for name in assembly.tables}
        pruned = {name: bounds(assembly, name, instants) for name in assembly.tables}
        sources = _sources(assembly, tables, columns, pruned, customers)
        return self._map(assembly, sources, partial(compute, instants=instants))

    def map(
        self,
        contract: Contract,
        tables: Tables,
        columns: Mapping[str, Sequence[str]],
        function: OfCustomers,
        customers: pa.Array | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """See ``Engine.map``.

        Raises:
            InputError: DuckDB is not installed.
            DataError: as the function.
            StorageError: the disk is full or cannot be written.
        """
        assembly = assembly_of(contract)
        return self._map(assembly, _sources(assembly, tables, columns, {}, customers), function)

    def _map(
        self, assembly: Assembly, sources: Mapping[str, _Source], function: OfCustomers
    ) -> Iterator[pa.RecordBatch]:
        limit = max(MIN_BIN_ROWS, self._bytes // BYTES_A_ROW)
        with (
            storage_errors(self._folder or Path(tempfile.gettempdir())),
            tempfile.TemporaryDirectory(prefix="tenure-features-", dir=self._folder) as temporary,
            _connected(self._bytes // 4, Path(temporary)) as connection,
        ):
            folder = Path(temporary)
            rows = sum((source.counts(connection) for source in sources.values()), np.zeros(HASHES, dtype=np.int64))
            bins = fill_bins(rows, limit)
            parts = int(bins.max()) + 1
            schemas = {
                name: _deal(source.read(connection), bins, parts, folder, name) for name, source in sources.items()
            }
            for part in range(parts):
                dealt = {name: _dealt(folder, schema, name, part) for name, schema in schemas.items()}
                found = function(assembly, dealt)
                if found.num_rows or part == parts - 1:
                    yield from found.to_batches() or [pa.RecordBatch.from_pylist([], schema=found.schema)]


@dataclass(frozen=True)
class _Source:
    """A table as DuckDB reads it: the columns that are needed, the rows that meet the bounds."""

    tables: Tables
    name: str
    key: str
    columns: Sequence[str]
    bounds: Sequence[Bound]
    customers: pa.Array | None

    def counts(self, connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
        """Rows of each hash value; shape (HASHES,)."""
        selected = f"{self._place} AS place, count(*) AS rows"
        found = self._select(connection, selected, " GROUP BY place").fetchnumpy()
        counts = np.zeros(HASHES, dtype=np.int64)
        counts[np.asarray(found["place"], dtype=np.int64)] = np.asarray(found["rows"], dtype=np.int64)
        return counts

    def read(self, connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
        """Batches of the columns, and ``PLACE``: the hash value of each row's key."""
        selected = ", ".join([*map(_quoted, self.columns), f"({self._place})::SMALLINT AS {PLACE}"])
        return self._select(connection, selected).to_arrow_reader(BATCH_ROWS)

    @property
    def _place(self) -> str:
        return f"hash({_quoted(self.key)}) % {HASHES}"

    def _select(self, connection: duckdb.DuckDBPyConnection, selected: str, rest: str = "") -> duckdb.DuckDBPyRelation:
        # A cursor of its own: a connection holds one unfinished result.
        cursor = connection.cursor()
        conditions = [condition for bound in self.bounds for condition in _conditions(bound)]
        if self.customers is not None:
            cursor.register(CUSTOMERS, pa.table({"key": self.customers}))
            conditions.append(f"{_quoted(self.key)} IN (FROM {CUSTOMERS})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        path = self.tables.paths.get(self.name)
        if path is None:
            cursor.register("_source", self._batches())
        table = "_source" if path is None else "read_parquet(?)"
        query = f"SELECT {selected} FROM {table}{where}{rest}"  # noqa: S608 names are quoted, numbers are integers
        return cursor.sql(query, params=None if path is None else [str(path)])

    def _batches(self) -> pa.RecordBatchReader | pa.Table:
        batches = self.tables.batches(self.name, self.columns)
        first = next(batches, None)
        if first is None:
            return self.tables.table(self.name, self.columns)
        return pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))


def _sources(
    assembly: Assembly,
    tables: Tables,
    columns: Mapping[str, Sequence[str]],
    pruned: Mapping[str, Sequence[Bound]],
    customers: pa.Array | None,
) -> dict[str, _Source]:
    return {
        name: _Source(tables, name, described.key_column, columns[name], pruned.get(name, ()), customers)
        for name, described in assembly.tables.items()
    }


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


def _deal(reader: pa.RecordBatchReader, bins: Bins, parts: int, folder: Path, name: str) -> pa.Schema:
    """Write the rows of each bin to a file of its own; returns their schema."""
    with contextlib.ExitStack() as stack:
        writers: dict[int, pa.RecordBatchFileWriter] = {}
        columns = [column for column in reader.schema.names if column != PLACE]
        for whole in reader:
            batch, places = whole.select(columns), whole.column(PLACE).to_numpy()
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
        return pa.schema([reader.schema.field(column) for column in columns])
