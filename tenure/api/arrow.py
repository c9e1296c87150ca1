"""Tables as users hold them, as Arrow tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.settings import Source
from tenure.errors import DataError, InputError
from tenure.intake.locate import locate

if TYPE_CHECKING:
    import pandas as pd

InMemory: TypeAlias = "pa.Table | pa.RecordBatch | pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]"
"""A table in memory: Arrow, pandas or any other with ``__arrow_c_stream__``; columns by name; or a list of rows."""


def is_in_memory(table: object) -> bool:
    """Whether ``table`` is a table in memory, rather than a path or something else."""
    return hasattr(table, "__arrow_c_stream__") or isinstance(table, Mapping | list | tuple | pa.RecordBatch)


def to_arrow(table: InMemory) -> pa.Table:
    """``table`` as an Arrow table. A named index of pandas becomes columns; mixed values become text.

    Raises:
        DataError: ``table`` is not a table, or its columns differ in length.
    """
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if _is_pandas(table):
        return _from_pandas(table)
    if isinstance(table, Mapping):
        return _from_columns(table.items())
    if isinstance(table, list | tuple):
        names = dict.fromkeys(name for row in table for name in row)
        return _from_columns((name, [row.get(name) for row in table]) for name in names)
    if hasattr(table, "__arrow_c_stream__"):
        return pa.table(table)
    raise DataError(
        f"a {type(table).__name__} is not a table: give a pandas or Arrow table, columns by name, or a list of rows"
    )


def source_of(table: InMemory | str | Path) -> Source | pa.Table:
    """Where ``table`` is: a path or an address as a contract's source, or the table in memory.

    Raises:
        ContractError, DataError, SourceError: as ``locate``.
        DataError: it is a dataset's folder with several tables.
    """
    if not isinstance(table, str | Path):
        return to_arrow(table)
    found = locate(table).data
    if isinstance(found, Source):
        return found
    raise DataError(f"{table} is a dataset with the tables {', '.join(found)}, where one table is asked for")


def data_of(
    data: InMemory | str | Path | Mapping[str, InMemory | str | Path], contract: Contract
) -> Source | pa.Table | Mapping[str, Source | pa.Table]:
    """Where customers are: one table, or the tables that the inputs of ``contract`` are computed from, by name.

    Args:
        data: a table as for ``source_of``, a dataset's folder, or tables by name.
        contract: the model's.

    Raises:
        ContractError, DataError, SourceError: as ``source_of``.
        InputError: beside tables of the contract there is one that it does not have.
    """
    if isinstance(data, str | Path):
        return locate(data).data
    names = () if contract.assembly is None else contract.assembly.tables
    # Names of columns otherwise: a table in memory may be columns by name.
    if isinstance(data, Mapping) and any(name in names and _is_table(table) for name, table in data.items()):
        unknown = [name for name in data if name not in names]
        if unknown:
            raise InputError(f"no table of '{contract.name}' is called '{unknown[0]}': there are {', '.join(names)}")
    if isinstance(data, Mapping) and data and all(name in names for name in data):
        return {name: source_of(table) for name, table in data.items()}
    return to_arrow(data)


def index_of(table: object) -> Any:
    """The index of a pandas table; None for any other table."""
    return table.index if _is_pandas(table) else None  # type: ignore[attr-defined]


def _is_table(value: object) -> bool:
    """Whether a value is a table or its address, and no column."""
    return isinstance(value, str | Path | pa.Table) or _is_pandas(value)


def _is_pandas(table: object) -> bool:
    # By name: pandas is not imported for a user who has no pandas table.
    kind = type(table)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def _from_pandas(frame: Any) -> pa.Table:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    return _from_columns((str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns))


def _from_columns(columns: Iterable[tuple[str, Any]]) -> pa.Table:
    named = [(name, _column(name, values)) for name, values in columns]
    lengths = {len(column) for _, column in named}
    if len(lengths) > 1:
        raise DataError(f"columns differ in length: {', '.join(f'{name} has {len(column)}' for name, column in named)}")
    return pa.Table.from_arrays([column for _, column in named], names=[name for name, _ in named])


def _column(name: str, values: Any) -> pa.Array | pa.ChunkedArray:
    """One column; what Arrow has no single type for becomes text, which is parsed like a CSV's."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise DataError(f"column '{name}' is a single {type(values).__name__}: give a list with one value per row")
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        missing = values.isna() if hasattr(values, "isna") else map(_is_missing, values)
        texts = [None if gone else str(value) for value, gone in zip(values, missing, strict=True)]
        return pa.array(texts, pa.string())


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
