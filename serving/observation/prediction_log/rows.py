"""From answered requests to rows of the log, with the contract's types."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from serving.v2.columns import Columns
from tenure.contract import Column, Contract
from tenure.contract.values import TODAY_COLUMN
from tenure.privacy import Pseudonyms, hidden_columns
from tenure.tasks import get
from tenure.transform.scalars import as_text, boolean_reader, number_reader, text_reader

if TYPE_CHECKING:
    import pyarrow as pa

    from serving.inference.model import ChurnModel
    from tenure.bundle import Prediction


class Entry(NamedTuple):
    """An answered request that waits to be logged."""

    model: ChurnModel
    request_id: str
    time_s: float
    """Since the epoch."""
    columns: Columns
    customers: Sequence[Any] | np.ndarray | None
    """Values of the contract's key, if the client sent them."""
    prediction: Prediction
    fallback: bool

    @property
    def rows(self) -> int:
        return len(self.prediction)


class RowMaker:
    """Collects rows of one version of a model."""

    def __init__(self, name: str, contract: Contract, pseudonyms: Pseudonyms | None) -> None:
        import pyarrow as pa

        from tenure import prediction_log

        self._name = name
        self._output = get(contract.task).outputs.score
        # Keys and sensitive columns are no inputs; if one became an input, it would still not be logged.
        hidden = hidden_columns(contract)
        inputs = {column: described for column, described in contract.inputs.items() if column not in hidden}
        if contract.uses_today:
            inputs[TODAY_COLUMN] = contract.day_columns[TODAY_COLUMN]
        self._readers = {column: _reader(described) for column, described in inputs.items()}
        self._pseudonyms = pseudonyms
        kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        fields = [pa.field(column, kinds.get(described.type, pa.string())) for column, described in inputs.items()]
        self.schema = prediction_log.schema(pa.schema(fields))
        self.rows = 0
        """The number of rows since the last batch."""
        self._inputs: dict[str, list[Any]] = {column: [] for column in inputs}
        self._fixed: dict[str, list[Any]] = {name: [] for name in prediction_log.FIXED.names}

    def add(self, entry: Entry, start: int, stop: int) -> None:
        """Collect the entry's rows from ``start`` up to but excluding ``stop``."""
        place, count = slice(start, stop), stop - start
        for name, read in self._readers.items():
            values = entry.columns.get(name)
            self._inputs[name] += (
                [None] * count if values is None else [read(value) for value in _listed(values[place])]
            )
        fixed = self._fixed
        fixed["request_id"] += [entry.request_id] * count
        fixed["row"] += range(start, stop)
        fixed["time"] += [datetime.fromtimestamp(entry.time_s, UTC)] * count
        fixed["model"] += [self._name] * count
        fixed["version"] += [entry.prediction.version] * count
        fixed["score"] += entry.prediction.score[place].tolist()
        fixed["fallback"] += [entry.fallback] * count
        fixed["decision"] += entry.prediction.decision[place].tolist()
        customers = None if entry.customers is None else entry.customers[place]
        fixed["customer"] += [None] * count if customers is None else [self._customer(c) for c in _listed(customers)]
        fixed["output"] += [self._output] * count
        self.rows += count

    def batch(self) -> pa.RecordBatch:
        """The collected rows; the maker is empty afterwards."""
        import pyarrow as pa

        fields = list(self.schema.field("inputs").type)
        inputs = pa.StructArray.from_arrays([pa.array(self._inputs[f.name], f.type) for f in fields], fields=fields)
        fixed = [pa.array(values, self.schema.field(name).type) for name, values in self._fixed.items()]
        for values in (*self._inputs.values(), *self._fixed.values()):
            values.clear()
        self.rows = 0
        return pa.RecordBatch.from_arrays([*fixed, inputs], schema=self.schema)

    def _customer(self, value: Any) -> str | None:
        if self._pseudonyms is None:
            return None
        try:
            text = as_text(value)
        except ValueError:
            return None
        return self._pseudonyms.of(text) if text else None


def _listed(values: Sequence[Any] | np.ndarray) -> Sequence[Any]:
    listed: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    return listed


def _reader(column: Column) -> Callable[[Any], Any]:
    """A function that reads a raw value as the transform does; None for an invalid value, which a fallback answered."""
    if column.is_numeric:
        number = boolean_reader(column) if column.type == "boolean" else number_reader(column)
        made = {"boolean": bool, "integer": int}.get(column.type, float)

        def read_number(value: Any) -> Any:
            try:
                found = number(value)
            except ValueError:
                return None
            return None if math.isnan(found) else made(found)

        return read_number
    text = text_reader(column) if column.is_text else as_text

    def read_text(value: Any) -> str | None:
        try:
            return text(value) or None
        except ValueError:
            return None

    return read_text
