"""The day of each row's prediction: what ``today()`` is where a model is used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.contract import Contract
from tenure.contract.values import TODAY_COLUMN, Floats
from tenure.errors import InputError
from tenure.transform.containers import Values
from tenure.transform.reading import DateReader
from tenure.transform.transform import Columns

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH = date(1970, 1, 1)


def utc_day() -> date:
    """The current day in UTC: the day of a prediction that names no other."""
    return datetime.now(UTC).date()


def read_day(text: str | date | None) -> date:
    """A day that a user gives, as a date or in ISO 8601; the current one in UTC for None and an empty text.

    Raises:
        InputError: ``text`` is not a day.
    """
    if isinstance(text, date):
        return text.date() if isinstance(text, datetime) else text
    if not text:
        return utc_day()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a day: write it as 2026-11-30") from None


def with_today(contract: Contract, columns: Columns, day: date | None) -> Columns:
    """``columns``, with the day of each row as ``TODAY_COLUMN`` if a feature of the contract depends on it.

    Raises:
        DataError, InputError: as ``days_of``.
    """
    return {**columns, TODAY_COLUMN: days_of(contract, columns, day)} if contract.uses_today else columns


def days_of(contract: Contract, columns: Columns, day: date | None) -> pa.Array:
    """The day of each row as date32, shape (rows,), for a contract whose features depend on it.

    The day of a row is the first that is known: ``TODAY_COLUMN`` as it was sent, the row's time in a table with a time
    column, ``day``.

    Args:
        contract: the model's.
        columns: raw columns by name.
        day: of all rows that name none.

    Raises:
        DataError: a value of these columns is not a date; names column and row.
        InputError: a row has no day.
    """
    import pyarrow as pa

    days: Floats | None = None
    for name, column in contract.day_columns.items():
        if name in columns:
            found = np.floor(DateReader(name, column)(columns[name]))
            days = found if days is None or len(days) != len(found) else np.where(np.isnan(days), found, days)
    if days is None:
        days = np.full(_rows(contract, columns), np.nan)
    missing = np.isnan(days)
    if missing.any():
        if day is None:
            row = int(np.argmax(missing)) + 1
            raise InputError(f"row {row} has no day for today(): give the day of the prediction, or '{TODAY_COLUMN}'")
        days = np.where(missing, float((day - EPOCH).days), days)
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _rows(contract: Contract, columns: Columns) -> int:
    """Length of the first input that is there; 0 without one, which the transform reports."""
    sent: Values | Any = next((columns[name] for name in contract.inputs if name in columns), ())
    return len(sent) if hasattr(sent, "__len__") else 0
