"""All numbers and all categories of a batch at a time: limits, imputing, one-hot, target statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Memo, Value
from tenure.transform.state import Category, Feature, Input, Number, State
from tenure.transform.state import Limits as Bounds
from tenure.transform.target_statistics import LARGEST, Target

Flags = dict[str, NDArray[np.bool_]]
"""Boolean mask of the flagged rows by column, only for columns with a flagged row."""

Matrix = NDArray[np.float32]

BLOCK_ROWS = 4_096
"""Rows written into the matrix at a time, so that a block stays in the processor's cache."""


class Limits:
    """Clips numbers to the contract's range and to the fences of outliers."""

    def __init__(self, inputs: tuple[Input, ...]) -> None:
        self._limited = [
            (entry.name, _opened(entry.column.range), _opened(entry.fences))
            for entry in inputs
            if entry.column.range is not None or entry.fences is not None
        ]

    def apply(self, values: dict[str, Value]) -> Flags:
        """Clip the numbers in ``values``; returns which rows were outside the contract's range."""
        flags: Flags = {}
        for name, (low, high), (low_fence, high_fence) in self._limited:
            numbers: Any = values[name]
            outside = (numbers < low) | (numbers > high)
            if outside.any():
                flags[name] = outside
            values[name] = np.minimum(np.maximum(numbers, max(low, low_fence)), min(high, high_fence))
        return flags


class Numbers:
    """Fills in missing numbers and writes them with their missing flags."""

    def __init__(self, state: State, features: tuple[Feature, ...]) -> None:
        encodings = [encoding for encoding in state.encodings if isinstance(encoding, Number)]
        place = {(feature.source, feature.kind): index for index, feature in enumerate(features)}
        self._names = [encoding.name for encoding in encodings]
        self._places = np.array([place[name, "number"] for name in self._names], dtype=np.intp)
        self._order = {name: index for index, name in enumerate(self._names)}
        self._imputers = state.imputers
        self._impute = np.array([encoding.impute for encoding in encodings]).reshape(-1, 1)
        self._flagged = [index for index, encoding in enumerate(encodings) if encoding.missing_flag]
        self._flags = np.array([place[self._names[index], "missing"] for index in self._flagged], dtype=np.intp)

    def encode(self, values: Mapping[str, Value], matrix: Matrix) -> Flags:
        """Write the numbers into ``matrix``; returns which were missing."""
        rows = len(matrix)
        block = np.empty((len(self._names), rows))
        for index, name in enumerate(self._names):
            block[index] = values[name]
        missing = np.isnan(block)
        some = bool(missing.any())
        if some:
            block = self._filled(block, missing)
        # What overflows float32 becomes its largest finite number.
        np.minimum(np.maximum(block, -LARGEST, out=block), LARGEST, out=block)
        for start in range(0, rows, BLOCK_ROWS):
            stop = start + BLOCK_ROWS
            matrix[start:stop, self._places] = block[:, start:stop].T
            if some and self._flagged:
                matrix[start:stop, self._flags] = missing[self._flagged, start:stop].T
        return _flags(self._names, missing) if some else {}

    def _filled(self, block: NDArray[np.float64], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
        filled = np.where(missing, self._impute, block)
        if self._imputers:
            known = np.minimum(np.maximum(block, -LARGEST), LARGEST)
            for imputer in self._imputers:
                imputer.fill(known, missing, filled, self._order)
        return filled


class Categories:
    """One-hot: a 1 in the feature of each text."""

    def __init__(self, state: State, features: tuple[Feature, ...]) -> None:
        encodings = [encoding for encoding in state.encodings if isinstance(encoding, Category)]
        self._names = [encoding.name for encoding in encodings]
        self._slots: list[Memo] = []
        for encoding in encodings:
            own = [(index, feature) for index, feature in enumerate(features) if feature.source == encoding.name]
            value_slots: dict[str | None, int] = {f.value: index for index, f in own if f.kind == "category"}
            other_slots = {f.kind: index for index, f in own if f.kind != "category"}
            other = other_slots["unknown"]
            missing_slot = other_slots.get("missing", value_slots.get(encoding.impute, other))
            value_slots.update(dict.fromkeys(encoding.rare, other))
            self._slots.append(Memo(_slot_table(value_slots, other, missing_slot)))

    def encode(self, values: Mapping[str, Value], matrix: Matrix) -> tuple[Flags, Flags]:
        """Write the ones into ``matrix``; returns which texts were unknown and which were missing."""
        if not self._names:
            return {}, {}
        rows, width = matrix.shape
        slots = np.empty((len(self._names), rows), dtype=np.intp)
        codes = np.empty((len(self._names), rows), dtype=np.int32)
        for index, name in enumerate(self._names):
            text: Any = values[name]
            codes[index] = text.codes
            slots[index] = self._slots[index](text.words)[text.codes]
        missing = codes < 0
        unknown = slots < 0
        unknown_flags = {}
        if unknown.any():
            unknown_flags = _flags(self._names, unknown)
            slots = np.where(unknown, ~slots, slots)
        flat = matrix.reshape(-1)
        for start in range(0, rows, BLOCK_ROWS):
            part = slots[:, start : start + BLOCK_ROWS]
            flat[part + np.arange(start, start + part.shape[1]) * width] = 1.0
        return unknown_flags, _flags(self._names, missing) if missing.any() else {}


class Targets:
    """Target statistics: the mean of each text."""

    def __init__(self, state: State, features: tuple[Feature, ...]) -> None:
        places = {feature.source: index for index, feature in enumerate(features) if feature.kind == "target"}
        self._columns = [
            (encoding.name, places[encoding.name], Memo(_mean_table(encoding)))
            for encoding in state.encodings
            if isinstance(encoding, Target)
        ]

    def encode(self, values: Mapping[str, Value], matrix: Matrix) -> tuple[Flags, Flags]:
        """Write the means into ``matrix``; returns which texts were unknown and which were missing."""
        unknown: Flags = {}
        missing: Flags = {}
        for name, place, table in self._columns:
            text: Any = values[name]
            means, is_new = table(text.words)
            matrix[:, place] = means[text.codes]
            for flags, mask in ((unknown, is_new[text.codes]), (missing, text.codes < 0)):
                if mask.any():
                    flags[name] = mask
        return unknown, missing


def _mean_table(target: Target) -> Callable[[tuple[str, ...]], tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """The mean for each code of a vocabulary, and whether its text is new; code -1 is a missing text."""
    known = dict.fromkeys(target.rare, target.other) | dict(zip(target.values, target.means, strict=True))

    def table(words: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        means = np.array([*(known.get(word, target.other) for word in words), target.missing])
        return means, np.array([*(word not in known for word in words), False])

    return table


def _slot_table(slots: Mapping[str | None, int], unknown: int, missing: int) -> Callable[[tuple[str, ...]], Any]:
    """The table from code to feature of a vocabulary; code -1 maps to the feature of missing texts.

    New texts, which are not in ``slots``, map to ``~unknown``, the complement: it tells them from rare ones.
    """
    return lambda words: np.array([*(slots.get(word, ~unknown) for word in words), missing], dtype=np.intp)


def _flags(names: list[str], masks: NDArray[np.bool_]) -> Flags:
    return {names[index]: masks[index] for index in np.flatnonzero(masks.any(axis=1)).tolist()}


def _opened(bounds: Bounds | None) -> tuple[float, float]:
    low, high = bounds or (None, None)
    return (-np.inf if low is None else low, np.inf if high is None else high)
