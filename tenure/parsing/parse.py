"""Parses a source's columns, text or typed, into the contract's Arrow types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import Column, Contract
from tenure.contract.schema import ROW_COLUMN
from tenure.contract.sources import assembly_of
from tenure.contract.written_numbers import TOO_LARGE, example, missing_numbers
from tenure.errors import ContractError
from tenure.parsing import advice, moments, numerals, words
from tenure.parsing.faults import Kind, RowFaults, quote
from tenure.parsing.lenient import flags, keep, valid
from tenure.parsing.wall_clock import TIMESTAMP, WallClock

ROW = ROW_COLUMN
"""Column of a parsed table with the row's number in the source: int64, from 1."""

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "category": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": moments.DATE,
    "timestamp": TIMESTAMP,
}
NOT_UTF8 = "is not text in UTF-8"
_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a timestamp",
}
EXAMPLES = {"date": date(2026, 11, 30), "timestamp": datetime(2026, 11, 30, 13, 45)}  # noqa: DTZ001 as parsed


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type that values of ``column`` are parsed into."""
    return _TYPES[column.type]


def table_columns(contract: Contract, table: str | None = None) -> dict[str, Column]:
    """The columns that are read, in the contract's order: all except ignored ones that nothing uses.

    Args:
        contract: describes them.
        table: name of a table of ``contract.assembly``; None for a contract of one table with a label column. The key
            of a table has the type of the entity's.
    """
    if table is None:
        return {n: column for n, column in contract.columns.items() if column.role != "ignored" or n in contract.slices}
    assembly = assembly_of(contract)
    described, used = assembly.tables[table], assembly.columns_of(table)
    columns = {n: column for n, column in described.columns.items() if column.role != "ignored" or n in used}
    if assembly.entity is not None:
        entity = assembly.tables[assembly.entity]
        kind = entity.columns[entity.key_column].type
        columns[described.key_column] = columns[described.key_column].model_copy(update={"type": kind})
    return columns


def table_schema(contract: Contract, table: str | None = None) -> pa.Schema:
    """Schema of a parsed table: the columns read, in the contract's order, then ``_row``."""
    fields = [pa.field(name, arrow_type(column)) for name, column in table_columns(contract, table).items()]
    return pa.schema([*fields, pa.field(ROW, pa.int64())])


def parse_batch(
    batch: pa.RecordBatch, columns: Mapping[str, Column], zone: str | None = None
) -> tuple[pa.RecordBatch, RowFaults]:
    """Parse columns into their Arrow types.

    A text that the contract declares as a missing value becomes null, and so does NaN; infinity is a fault. Rows with
    a fault are kept, with null as the invalid value.

    Args:
        batch: rows as a source yields them.
        columns: the columns to parse; ``batch`` has all of them.
        zone: of times without an offset; None for UTC.

    Returns:
        The parsed columns, and the faults of rows.

    Raises:
        DataError: a column holds lists or another nested type.
    """
    faults, clock = RowFaults(batch.num_rows), WallClock(zone)
    parsed = []
    for name, column in columns.items():
        raw = words.plain(batch.column(name), name)
        parsed.append(_parse(raw, name, column, faults, clock))
    faults.doubtful_times = clock.doubtful
    schema = pa.schema([pa.field(name, arrow_type(column)) for name, column in columns.items()])
    return pa.RecordBatch.from_arrays(parsed, schema=schema), faults


def parse_value(text: str, name: str, column: Column, key: str, zone: str | None = None) -> Any:
    """Parse a value that stands in the contract, such as a default, as a value of the column; None if missing.

    Args:
        text: the value as it stands in the contract.
        name, column: the column that the value belongs to.
        key: the contract's key that holds the value, for the error message.
        zone: of a time without an offset; None for UTC.

    Raises:
        ContractError: ``text`` is not a value of the column's type.
    """
    batch = pa.RecordBatch.from_arrays([pa.array([text])], names=[name])
    parsed, faults = parse_batch(batch, {name: column}, zone)
    if faults.bad.any():
        raise ContractError(f"'{key}': {quote(text)} is not {_NOUNS.get(column.type, 'a text')}")
    return parsed.column(0)[0].as_py()


def default_of(name: str, column: Column, zone: str | None = None) -> Any:
    """The value that rows hold where a table lacks the optional ``column``; None if missing.

    Raises:
        ContractError: ``columns.<name>.default`` is not a value of the column's type.
    """
    if column.default is None:
        return None
    return parse_value(str(column.default), name, column, f"columns.{name}.default", zone)


def _parse(raw: pa.Array, name: str, column: Column, faults: RowFaults, clock: WallClock) -> pa.Array:
    """Parse one column: typed values of the contract's kind, or text."""
    if column.is_temporal and (pa.types.is_temporal(raw.type) or (column.is_epoch and _is_number(raw.type))):
        return _from_moments(raw, name, column, faults, clock)
    if column.type in ("integer", "number") and (_is_number(raw.type) or pa.types.is_boolean(raw.type)):
        return _numbers(raw, raw, name, column, faults)
    if column.type == "boolean":
        return raw if pa.types.is_boolean(raw.type) else _booleans(raw, name, column, faults)
    text, broken = words.texts(raw)
    faults.add(broken, Kind("types", name, NOT_UTF8), raw)
    return _from_text(_without_missing(text, column), raw, name, column, faults, clock=clock)


def _from_moments(raw: pa.Array, name: str, column: Column, faults: RowFaults, clock: WallClock) -> pa.Array:
    """Parse typed dates and timestamps, or typed numbers in an epoch format."""
    if pa.types.is_floating(raw.type):
        raw = keep(raw, ~flags(pc.is_nan(raw)))
    found = _moments(raw, column, clock)
    faults.add(valid(raw) & ~valid(found), Kind("types", name, f"is not {noun(column)}"), raw)
    return _without_missing_moments(found, column, clock.zone)


def _from_text(
    text: pa.Array, raw: pa.Array, name: str, column: Column, faults: RowFaults, *, clock: WallClock
) -> pa.Array:
    if column.type in ("integer", "number"):
        return _numbers(text, raw, name, column, faults)
    if column.is_text:
        faults.add(flags(pc.match_substring(text, "\0")), Kind("types", name, "holds a NUL character"), raw)
        return words.spelled(text, column.values)
    found = _moments(text, column, clock)
    wrong = valid(text) & ~valid(found)
    if wrong.any():
        faults.add(wrong, Kind("types", name, f"is not {noun(column)}"), raw, advice.on_moments(text, wrong))
    return _without_missing_moments(found, column, clock.zone) if column.is_epoch else found


def _booleans(raw: pa.Array, name: str, column: Column, faults: RowFaults) -> pa.Array:
    """Parse the distinct values: there are few of them."""
    coded = raw.dictionary_encode()
    text, broken = words.texts(coded.dictionary)
    found, wrong = words.booleans(_without_missing(text, column), column.values)
    for mask, what in ((broken, NOT_UTF8), (wrong, f"is not {noun(column)}")):
        if mask.any():
            of_row = pc.fill_null(pa.array(mask).take(coded.indices), False).to_numpy(zero_copy_only=False)
            faults.add(of_row, Kind("types", name, what), raw)
    return found.take(coded.indices)


def _moments(values: pa.Array, column: Column, clock: WallClock) -> pa.Array:
    read = moments.dates if column.type == "date" else moments.timestamps
    return read(values, column.moment_format, clock)


def _numbers(column: pa.Array, raw: pa.Array, name: str, described: Column, faults: RowFaults) -> pa.Array:
    read = numerals.integers if described.type == "integer" else numerals.floats
    numbers = read(column, described.number_format)
    no_number = numbers.wrong & ~numbers.too_large
    if no_number.any():
        hint = advice.on_numbers(column, no_number, described.type) if pa.types.is_string(column.type) else ""
        faults.add(no_number, Kind("types", name, f"is not {noun(described)}"), raw, hint)
    faults.add(numbers.too_large, Kind("types", name, TOO_LARGE), raw)
    faults.add(numbers.infinite, Kind("types", name, "is infinite"), raw)
    missing = missing_numbers(described)
    if not missing:
        return numbers.values
    # -999 and -999.0 are the same missing value, in a text and in a typed column.
    as_floats = pc.cast(numbers.values, pa.float64(), safe=False)
    return keep(numbers.values, ~flags(pc.is_in(as_floats, pa.array(sorted(missing)))))


def noun(column: Column) -> str:
    """What a value of the column must be."""
    if column.number_format is not None:
        return f"{_NOUNS[column.type]} such as {example(column.number_format)}"
    if column.type == "boolean" and column.values is not None:
        return f"{quote(column.values[0])} or {quote(column.values[1])}"
    if column.is_temporal:
        return f"{_NOUNS[column.type]} such as {column.as_written(EXAMPLES[column.type])}"
    return _NOUNS[column.type]


def _without_missing(text: pa.Array, column: Column) -> pa.Array:
    texts = pa.array(["", *(value.strip() for value in column.missing_values)])
    missing = flags(pc.is_in(text, texts))
    return keep(text, ~missing) if missing.any() else text


def _without_missing_moments(found: pa.Array, column: Column, zone: str | None) -> pa.Array:
    if not column.missing_values:
        return found
    missing = _moments(pa.array(column.missing_values, pa.string()), column, WallClock(zone)).drop_null()
    return keep(found, ~flags(pc.is_in(found, missing)))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
