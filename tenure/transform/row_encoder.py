"""The encoding of one row, in plain Python: what ``Transform.encode`` does without its arrays.

It knows the usual forms of a value only. Whatever is not usual (a column missing, a value of another type, one that
is wrong) it leaves to the arrays, whose answer or error is then the only one.
"""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Column
from tenure.transform.blocks import LARGEST
from tenure.transform.one_row import compile_one_row
from tenure.transform.one_row_functions import Row, Run, UnsupportedError
from tenure.transform.scalars import boolean_reader, missing_numbers, number_reader, text_reader
from tenure.transform.state import Category, Feature, Input, Limits, Number, State


class OneRow(NamedTuple):
    """A row as models see it."""

    features: bytes
    """float32, as many as there are features."""
    imputed: tuple[str, ...]
    unknown: tuple[str, ...]
    out_of_range: tuple[str, ...]

    def matrix(self) -> NDArray[np.float32]:
        """Shape (1, features)."""
        return np.frombuffer(self.features, dtype=np.float32).reshape(1, -1)


class RowEncoder:
    """
    Raises:
        UnsupportedError: the transform does something that has no form for one row.
    """

    def __init__(self, state: State, features: tuple[Feature, ...]) -> None:
        self._inputs = [_InputReader(entry) for entry in state.inputs]
        self._derived: list[tuple[str, Run]] = [(name, compile_one_row(text)) for name, text in state.derived]
        raw_inputs = frozenset(entry.name for entry in state.inputs)
        places = {(feature.source, feature.kind, feature.value): index for index, feature in enumerate(features)}
        self._numbers: list[tuple[str, int, float, int | None, bool]] = []
        self._categories: list[tuple[str, dict[str | None, int], int, bool]] = []
        for encoding in state.encodings:
            name = encoding.name
            if isinstance(encoding, Number):
                flag = places[name, "missing", None] if encoding.missing_flag else None
                place = places[name, "number", None]
                self._numbers.append((name, place, encoding.impute, flag, name in raw_inputs))
            else:
                self._categories.append((name, *_slots(encoding, places), name in raw_inputs))
        self._zeros = [0.0] * len(features)
        self._pack = struct.Struct(f"={len(features)}f").pack
        self._order = {entry.name: index for index, entry in enumerate(state.inputs)}

    def encode(self, columns: Mapping[str, Any]) -> OneRow | None:
        """Encode the only row of ``columns``; None if it takes the arrays to encode it or to say why not."""
        row: Row = {}
        out_of_range: list[str] = []
        for reader in self._inputs:
            raw = columns.get(reader.name)
            if type(raw) is not list or len(raw) != 1:
                return None
            try:
                value = reader.read(raw[0])
            except (ValueError, TypeError, KeyError):
                return None
            if reader.limits is not None:
                low, high, lowest, highest = reader.limits
                if value < low or value > high:
                    out_of_range.append(reader.name)
                if value == value:
                    value = min(max(value, lowest), highest)
            row[reader.name] = value
        for name, run in self._derived:
            row[name] = run(row)
        return self._written(row, tuple(out_of_range))

    def _written(self, row: Row, out_of_range: tuple[str, ...]) -> OneRow:
        features = self._zeros.copy()
        imputed: list[str] = []
        unknown: list[str] = []
        for name, place, impute, flag, is_input in self._numbers:
            value = row[name]
            if value != value:
                if is_input:
                    imputed.append(name)
                value = impute
                if flag is not None:
                    features[flag] = 1.0
            features[place] = value if -LARGEST <= value <= LARGEST else math.copysign(LARGEST, value)
        for name, slots, other, is_input in self._categories:
            word = row[name]
            slot = slots.get(word, other)
            features[slot] = 1.0
            if is_input and (word is None or slot == other):
                (imputed if word is None else unknown).append(name)
        if len(imputed) > 1:
            imputed.sort(key=self._order.__getitem__)
        return OneRow(self._pack(*features), tuple(imputed), tuple(unknown), out_of_range)


def row_encoder(state: State, features: tuple[Feature, ...]) -> RowEncoder | None:
    """An encoder of single rows, where the transform can have one."""
    try:
        return RowEncoder(state, features)
    except UnsupportedError:
        return None


class _InputReader:
    """Reads one value of a column, and says how it is limited."""

    __slots__ = ("limits", "name", "read")

    def __init__(self, entry: Input) -> None:
        if entry.column.is_temporal:
            raise UnsupportedError(entry.name)
        self.name = entry.name
        self.read = _reader(entry.column)
        self.limits: tuple[float, float, float, float] | None = None
        if entry.column.range is not None or entry.fences is not None:
            low, high = _opened(entry.column.range)
            low_fence, high_fence = _opened(entry.fences)
            self.limits = (low, high, max(low, low_fence), min(high, high_fence))


def _reader(column: Column) -> Callable[[Any], Any]:
    if column.is_text:
        return _remembering(text_reader(column), column.values or ())
    if column.type == "boolean":
        texts = column.values or ("true", "false", "True", "False", "yes", "no", "Yes", "No", "1", "0")
        return _boolean(boolean_reader(column), texts)
    return _number(column)


def _remembering(read: Callable[[Any], Any], words: tuple[str, ...]) -> Callable[[Any], Any]:
    """Looks up the words that the contract names; other texts are read."""
    known = {word: read(word) for word in words}

    def look_up(value: Any) -> Any:
        if type(value) is str and value in known:
            return known[value]
        return read(value)

    return look_up


def _boolean(read: Callable[[Any], float], texts: tuple[str, ...]) -> Callable[[Any], float]:
    known = {text: read(text) for text in texts}

    def look_up(value: Any) -> float:
        if value is True:
            return 1.0
        if value is False:
            return 0.0
        return known[value] if type(value) is str and value in known else read(value)

    return look_up


def _number(column: Column) -> Callable[[Any], float]:
    read, stand_ins = number_reader(column), missing_numbers(column)
    # Whole numbers in this range, and for plain numbers all that are finite, need no further look.
    whole = column.type == "integer"

    def plain(value: Any) -> float:
        if type(value) is float and not whole and not stand_ins and value - value == 0.0:
            return value
        if type(value) is int and not stand_ins and -(2**53) <= value <= 2**53:
            return float(value)
        return read(value)

    return plain


def _slots(encoding: Category, places: Mapping[Any, int]) -> tuple[dict[str | None, int], int]:
    """Feature of every text, of a missing one too; and the feature of those that have none."""
    name = encoding.name
    slots: dict[str | None, int] = {value: places[name, "category", value] for value in encoding.values}
    other = places[name, "unknown", None]
    slots[None] = places[name, "missing", None] if encoding.missing_flag else slots.get(encoding.impute, other)
    return slots, other


def _opened(bounds: Limits | None) -> tuple[float, float]:
    low, high = bounds or (None, None)
    return (-math.inf if low is None else low, math.inf if high is None else high)
