"""Reads the day of each row's prediction."""

from __future__ import annotations

from datetime import date

import numpy as np

from tenure.contract import Column
from tenure.contract.values import TODAY_COLUMN, Floats
from tenure.transform.containers import Values
from tenure.transform.reading import DateReader

_EPOCH = date(1970, 1, 1).toordinal()


class DayReader:
    """Reads ``TODAY_COLUMN``: a list of dates, as the server makes it, without Arrow; others as ``DateReader``."""

    def __init__(self, column: Column) -> None:
        self._dates = DateReader(TODAY_COLUMN, column)

    def __call__(self, values: Values) -> Floats:
        """Days since 1970-01-01 as float64, NaN for missing; shape (rows,).

        Raises:
            DataError: as ``DateReader``.
        """
        if isinstance(values, list) and all(type(value) is date for value in values):
            return np.array([value.toordinal() - _EPOCH for value in values], dtype=np.float64)
        return self._dates(values)
