"""The encoding of one row in plain Python: what ``Transform.encode`` computes, without arrays.

It handles the usual forms of a value only. Everything else (a missing column, a value of another type, an invalid one,
a missing one that is imputed by other values of the row) is left to the arrays, so that there is one implementation of
the rare cases and of their errors.
"""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenure.contract import Column
from tenure.contract.expression import Expression
from tenure.contract.nodes import OverRow
from tenure.contract.written_numbers import missing_numbers
from tenure.transform.scalars import boolean_reader, boolean_texts, number_reader, text_reader
from tenure.transform.state import Encoding, Feature, Input, Limits, Number, State
from tenure.transform.target_statistics import LARGEST, Target

OneRow = tuple[bytes, list[str], list[str], list[str]]
"""A row as models see it: one float32 for each feature; its imputed, unknown and out-of-range columns."""


class RowEncoder:
    """Encodes single rows. Made by ``row_encoder``.

    Args:
        state: the fitted transform; none of its inputs is temporal.
        features: the columns of the encoded matrix, in order.
        expressions: the derived features, parsed, in order.
    """

    def __init__(
        self, state: State, features: tuple[Feature, ...], expressions: Sequence[tuple[str, Expression]]
    ) -> None:
        places = {(feature.source, feature.kind, feature.value): index for index, feature in enumerate(features)}
        encodings = {encoding.name: encoding for encoding in state.encodings}
        self._imputed_by_others = frozenset(name for imputer in state.imputers for name in imputer.targets)
        self._texts: list[_Text] = []
        self._numbers: list[_Number] = []
        for entry in state.inputs:
            encoding = encodings.pop(entry.name, None)
            if entry.column.is_text:
                self._texts.append(_text(entry, None if encoding is None else _slots(encoding, places)))
            else:
                self._numbers.append(_number(entry, None if encoding is None else _place(encoding, places)))
        self._derived: list[_Derived] = [
            _derived(name, expression.one_row, encodings.get(name), places) for name, expression in expressions
        ]
        self._zeros = [0.0] * len(features)
        self._pack = struct.Struct(f"={len(features)}f").pack
        self._order = {entry.name: index for index, entry in enumerate(state.inputs)}

    def encode(self, columns: Mapping[str, Any]) -> OneRow | None:
        """Encode the only row of ``columns``; None if only the arrays can encode it or name its error."""
        row: dict[str, Any] = {}
        features = self._zeros.copy()
        imputed: list[str] = []
        unknown: list[str] = []
        out_of_range: list[str] = []
        try:
            self._encode_texts(columns, row, features, imputed, unknown)
            self._encode_numbers(columns, row, features, imputed, out_of_range)
        except (ValueError, TypeError, KeyError):
            return None
        for name, run, place, slots in self._derived:
            row[name] = value = run(row)
            if place is not None:
                if -LARGEST <= value <= LARGEST:
                    features[place[0]] = value
                elif value != value and name in self._imputed_by_others:
                    return None
                else:
                    _put(value, place, features)
            elif slots is not None:
                slot, number = slots[0].get(value, slots[1])
                features[slot] = number
        if len(imputed) > 1:
            imputed.sort(key=self._order.__getitem__)
        return self._pack(*features), imputed, unknown, out_of_range

    def _encode_texts(
        self,
        columns: Mapping[str, Any],
        row: dict[str, Any],
        features: list[float],
        imputed: list[str],
        unknown: list[str],
    ) -> None:
        for name, known, read, slots in self._texts:
            raw = columns[name]
            if type(raw) is not list:
                raise TypeError
            (value,) = raw
            found = known.get(value)  # no value of another type equals a text
            if found is not None:
                row[name], slot, number = found
                features[slot] = number
                continue
            row[name] = word = read(value)
            if slots is None:
                continue
            slot, number = slots[0].get(word, slots[1])
            features[slot] = number
            if word is None:
                imputed.append(name)
            elif word not in slots[0]:
                unknown.append(name)

    def _encode_numbers(
        self,
        columns: Mapping[str, Any],
        row: dict[str, Any],
        features: list[float],
        imputed: list[str],
        out_of_range: list[str],
    ) -> None:
        for name, known, slot, read, limits, place in self._numbers:
            raw = columns[name]
            if type(raw) is not list:
                raise TypeError
            (given,) = raw
            kind = type(given)
            if kind is str or kind is bool:
                value = known.get(given)
                if value is not None:
                    row[name] = features[slot] = value
                    continue
            value = read(given)
            if limits is not None:
                low, high, lowest, highest = limits
                if value < low or value > high:
                    out_of_range.append(name)
                # At a limit too, as np.maximum and np.minimum do: -0.0 becomes a limit of 0.0.
                if value <= lowest:
                    value = lowest
                elif value >= highest:
                    value = highest
            row[name] = value
            if place is None:
                continue
            if -LARGEST <= value <= LARGEST:
                features[place[0]] = value
                continue
            if value != value:
                if name in self._imputed_by_others:
                    raise ValueError
                imputed.append(name)
            _put(value, place, features)


def row_encoder(
    state: State, features: tuple[Feature, ...], expressions: Sequence[tuple[str, Expression]]
) -> RowEncoder | None:
    """An encoder of single rows; None if the transform reads dates, which Arrow parses."""
    if any(entry.column.is_temporal for entry in state.inputs):
        return None
    return RowEncoder(state, features, expressions)


# Plain tuples: Python 3.11 unpacks them five times as fast as named ones, and they are unpacked for every value.

_Place = tuple[int, float, int | None]
"""Of a number: the index of its feature, its imputed value, and the index of the feature that flags a missing number;
None if there is none."""

_Slot = tuple[int, float]
"""The index of a feature, and its value: 1, or the mean of target statistics."""

Slots = tuple[dict[str | None, _Slot], _Slot]
"""The feature of each text of the training part (None is a missing one), and the feature for all other texts."""


_Text = tuple[str, dict[str, tuple[str, int, float]], Callable[[Any], str | None], Slots | None]
"""An input of texts: its name; for texts of the training part, as they are written, the text as it is read, the index
of its feature and its value; the reader of other texts; all features."""

_Number = tuple[
    str,
    dict[str | bool, float],
    int,
    Callable[[Any], float],
    tuple[float, float, float, float] | None,
    _Place | None,
]
"""An input of numbers or booleans: its name; the numbers of texts and of true and false, in a column of booleans that
is encoded, and the index of its feature; the reader of other values; the range outside of which a value is flagged,
then the one to which it is clipped; its features."""


_Derived = tuple[str, OverRow, _Place | None, Slots | None]
"""A derived feature: its name, its expression, and its features as those of a number or of a text; neither if only
other expressions use it."""


def _put(value: float, place: _Place, features: list[float]) -> None:
    number, impute, missing = place
    if value != value:
        value = impute
        if missing is not None:
            features[missing] = 1.0
    features[number] = value if -LARGEST <= value <= LARGEST else math.copysign(LARGEST, value)


def _text(entry: Input, slots: Slots | None) -> _Text:
    read = text_reader(entry.column)
    known: dict[str, tuple[str, int, float]] = {}
    if slots is not None:
        for text in {*(entry.column.values or ()), *(word for word in slots[0] if word is not None)}:
            try:
                word = read(text)
            except ValueError:
                continue
            if word is not None and word in slots[0]:
                known[text] = word, *slots[0][word]
    return entry.name, known, read, slots


def _number(entry: Input, place: _Place | None) -> _Number:
    limits = None
    if entry.column.range is not None or entry.fences is not None:
        low, high = _opened(entry.column.range)
        low_fence, high_fence = _opened(entry.fences)
        limits = low, high, max(low, low_fence), min(high, high_fence)
    column = entry.column
    if column.type != "boolean":
        return entry.name, {}, 0, _plain_number(column), limits, place
    known: dict[str | bool, float] = {}
    if limits is None and place is not None:
        known = {True: 1.0, False: 0.0}
        known.update(boolean_texts(column))
    return entry.name, known, 0 if place is None else place[0], boolean_reader(column), limits, place


def _derived(name: str, run: OverRow, encoding: Encoding | None, places: Mapping[Any, int]) -> _Derived:
    if encoding is None or isinstance(encoding, Number):
        return name, run, None if encoding is None else _place(encoding, places), None
    return name, run, None, _slots(encoding, places)


def _plain_number(column: Column) -> Callable[[Any], float]:
    read, stand_ins = number_reader(column), missing_numbers(column)
    # Whole numbers in this range, and in columns of numbers all finite floats, are valid as they are.
    whole = column.type == "integer"

    def plain(value: Any) -> float:
        if type(value) is float and not whole and not stand_ins and value - value == 0.0:
            return value
        if type(value) is int and not stand_ins and -(2**53) <= value <= 2**53:
            return float(value)
        return read(value)

    return plain


def _place(encoding: Encoding, places: Mapping[Any, int]) -> _Place:
    assert isinstance(encoding, Number)  # noqa: S101 inputs that are not texts have this encoding
    missing = places[encoding.name, "missing", None] if encoding.missing_flag else None
    return places[encoding.name, "number", None], encoding.impute, missing


def _slots(encoding: Encoding, places: Mapping[Any, int]) -> Slots:
    assert not isinstance(encoding, Number)  # noqa: S101 texts have another encoding
    name = encoding.name
    if isinstance(encoding, Target):
        place = places[name, "target", None]
        other = place, encoding.other
        means = zip(encoding.values, encoding.means, strict=True)
        found: dict[str | None, _Slot] = {value: (place, mean) for value, mean in means}
        found[None] = place, encoding.missing
    else:
        other = places[name, "unknown", None], 1.0
        found = {value: (places[name, "category", value], 1.0) for value in encoding.values}
        found[None] = found.get(encoding.impute, other)
        if encoding.missing_flag:
            found[None] = places[name, "missing", None], 1.0
    found.update(dict.fromkeys(encoding.rare, other))
    return found, other


def _opened(bounds: Limits | None) -> tuple[float, float]:
    low, high = bounds or (None, None)
    return (-math.inf if low is None else low, math.inf if high is None else high)
