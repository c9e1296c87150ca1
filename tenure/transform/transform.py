"""From raw columns to the matrix that models see: the one code path of training and serving."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import TODAY_COLUMN, ExpressionType, Text, Value
from tenure.errors import DataError
from tenure.transform.blocks import Categories, Flags, Limits, Numbers, Targets
from tenure.transform.containers import Values
from tenure.transform.day_reader import DayReader
from tenure.transform.reading import Reader, reader_of
from tenure.transform.row_encoder import row_encoder
from tenure.transform.state import Feature, Input, Number, State

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Mapping[str, Values]
"""Raw columns by name, equally long. Columns that the transform does not know are ignored."""

_FLOAT32 = np.dtype(np.float32)


@dataclass(slots=True, eq=False)  # not frozen: one is made for every request
class Encoded:
    """Rows as models see them."""

    matrix: NDArray[np.float32]
    """Shape (rows, features), C-contiguous, finite."""
    imputed: Flags
    """Missing values, imputed or flagged."""
    unknown: Flags
    """Texts without a feature of their own."""
    out_of_range: Flags
    """Values outside the contract's range, clipped to it."""
    _values: Callable[[], dict[str, Value]]

    @property
    def values(self) -> dict[str, Value]:
        """As ``Transform.values``."""
        return self._values()


class Transform:
    """A fitted transform. Immutable; safe to use from several threads. Made by ``fit`` or ``from_json``."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.inputs = tuple(entry.name for entry in state.inputs)
        """The columns that are read: the contract's inputs, and ``TODAY_COLUMN`` if a feature depends on the day."""
        self.features: tuple[Feature, ...] = state.features()
        self._expressions = list(state.expressions().items())
        vocabulary = {
            encoding.name: encoding.values + encoding.rare
            for encoding in state.encodings
            if not isinstance(encoding, Number)
        }
        self._inputs: list[tuple[Input, Reader | DayReader]] = [
            (entry, _reader(entry, vocabulary.get(entry.name, ()))) for entry in state.inputs
        ]
        self._numbers = Numbers(state, self.features)
        self._categories = Categories(state, self.features)
        self._targets = Targets(state, self.features)
        self._limits = Limits(state.inputs)
        self._one_row = row_encoder(state, self.features, self._expressions)

    def encode(self, columns: Columns) -> Encoded:
        """Encode raw rows. A row's encoding depends on nothing but the row.

        Missing numbers get the training median, missing texts a feature of their own (or the most frequent value,
        if training met too few missing), unknown texts the ``unknown`` feature. A text with target statistics gets its
        mean of the label. Rare texts of the training part are treated as unknown ones, and not flagged.

        Raises:
            DataError: a column that must be there is not, lengths differ, or a value is not of the column's type;
                names the column and the row.
        """
        if self._one_row is not None:
            row = self._one_row.encode(columns)
            if row is not None:
                return self._encoded_row(columns, *row)
        values, rows = self._read(columns)
        out_of_range = self._limits.apply(values)
        self._derive(values, rows)
        matrix = np.zeros((rows, len(self.features)), dtype=np.float32)
        imputed = self._numbers.encode(values, matrix)
        unknown: Flags = {}
        for block in (self._categories, self._targets):
            new, missing = block.encode(values, matrix)
            unknown.update(new)
            imputed.update(missing)
        return Encoded(matrix, self._of_inputs(imputed), self._of_inputs(unknown), out_of_range, lambda: values)

    def _encoded_row(
        self, columns: Columns, features: bytes, imputed: list[str], unknown: list[str], out_of_range: list[str]
    ) -> Encoded:
        return Encoded(
            np.ndarray((1, len(self.features)), _FLOAT32, features),
            _one_row_flags(imputed) if imputed else {},
            _one_row_flags(unknown) if unknown else {},
            _one_row_flags(out_of_range) if out_of_range else {},
            partial(self.values, columns),
        )

    def derive(self, columns: Columns) -> dict[str, pa.Array]:
        """The derived features as people read them: float64, bool or string, null where unknown.

        Raises:
            DataError: as ``encode``.
        """
        values, rows = self._read(columns)
        self._limits.apply(values)
        self._derive(values, rows)
        return {name: _to_arrow(values[name], expression.type) for name, expression in self._expressions}

    def values(self, columns: Columns) -> dict[str, Value]:
        """The contract's inputs and derived features in the inner representation (``tenure.contract.values``), nothing
        imputed.

        Raises:
            DataError: as ``encode``.
        """
        values, rows = self._read(columns)
        self._limits.apply(values)
        self._derive(values, rows)
        return values

    def without(self, names: Collection[str]) -> Transform:
        """The transform without the features of some inputs or derived features, which it still reads and computes."""
        kept = tuple(encoding for encoding in self.state.encodings if encoding.name not in names)
        return Transform(replace(self.state, encodings=kept))

    def to_json(self) -> str:
        """The fitted state; ``from_json`` reads it back to an equal one."""
        return self.state.to_json()

    @classmethod
    def from_json(cls, text: str) -> Transform:
        """
        Raises:
            BundleError: ``text`` is not a transform in this version's format.
        """
        return cls(State.from_json(text))

    def _of_inputs(self, flags: Flags) -> Flags:
        """Without derived features, whose missing values follow from those of their inputs."""
        return {name: flags[name] for name in self.inputs if name in flags} if flags else flags

    def _read(self, columns: Columns) -> tuple[dict[str, Value], int]:
        values: dict[str, Value] = {}
        absent: list[tuple[Input, Reader | DayReader]] = []
        rows, first = 0, ""
        for entry, reader in self._inputs:
            raw = columns.get(entry.name)
            if raw is None:
                absent.append((entry, reader))
                continue
            value = reader(raw)
            values[entry.name] = value
            length = len(value.codes) if isinstance(value, Text) else len(value)
            if not first:
                rows, first = length, entry.name
            elif length != rows:
                raise DataError(f"column '{entry.name}' has {length} rows, '{first}' has {rows}")
        for entry, reader in absent:
            values[entry.name] = _fill(entry, reader, rows)
        return values, rows

    def _derive(self, values: dict[str, Value], rows: int) -> None:
        with np.errstate(all="ignore"):
            for name, expression in self._expressions:
                values[name] = expression.evaluate(values, rows)
        values.pop(TODAY_COLUMN, None)


def _reader(entry: Input, vocabulary: tuple[str, ...]) -> Reader | DayReader:
    if entry.name == TODAY_COLUMN and entry.column.type == "date":
        return DayReader(entry.column)
    return reader_of(entry.name, entry.column, vocabulary)


def _fill(entry: Input, reader: Reader | DayReader, rows: int) -> Value:
    """A column that is absent: its default, or missing values if the contract allows them."""
    column = entry.column
    if column.required and not column.nullable:
        raise DataError(f"column '{entry.name}' is missing")
    return reader([column.default] * rows)


def _one_row_flags(names: list[str]) -> Flags:
    return {name: np.ones(1, dtype=np.bool_) for name in names}


def _to_arrow(value: Value, kind: ExpressionType) -> pa.Array:
    import pyarrow as pa

    if isinstance(value, Text):
        words = pa.array([*value.words], pa.string())
        return words.take(pa.array(value.codes, mask=value.codes < 0))
    missing = np.isnan(value)
    return pa.array(np.nan_to_num(value) == 1.0 if kind == "boolean" else value, mask=missing)
