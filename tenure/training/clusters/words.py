"""What distinguishes a cluster, in words: "Contract is Month-to-month (98 %, all 55 %); tenure 9 months (all 29)"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions.kinds.clusters import MAX_TEXT
from tenure.contract import Contract
from tenure.contract.schema import BOOLEAN_TEXTS
from tenure.number_text import SYMBOLS, percent, quantity
from tenure.transform import Feature, Transform

MAX_COLUMNS = 3
"""Columns that a description names."""
SMALLEST_DIFFERENCE = 0.4
"""Difference to the other rows of a column that is named, in standard deviations of all rows."""
SAME = 0.9
"""Correlation from which on two features say the same; the second is left out."""
LONGEST_VALUE = 60
"""Characters of a category's value."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class _Difference:
    size: float
    """Standardized."""
    source: str
    values: Floats
    """(n,) of the feature."""
    text: str


def describe(
    contract: Contract, transform: Transform, matrix: NDArray[np.float32], label: NDArray[np.int64]
) -> list[str]:
    """A description of each cluster, of at most ``MAX_TEXT`` characters.

    Args:
        contract: for units, and the texts of booleans.
        transform: that encoded the rows.
        matrix: rows (n, f).
        label: (n,) cluster of each row, from 0; each has at least one row.
    """
    writer = _Writer(contract, matrix.astype(np.float64))
    return [writer.describe(transform.features, label == cluster) for cluster in range(int(label.max()) + 1)]


class _Writer:
    def __init__(self, contract: Contract, matrix: Floats) -> None:
        self._contract = contract
        self._matrix = matrix
        self._means, self._spreads = matrix.mean(axis=0), matrix.std(axis=0)

    def describe(self, features: tuple[Feature, ...], own: Bools) -> str:
        # Derived features follow from the columns that they are computed of, and are named after them.
        derived = self._contract.derived
        found = sorted(self._differences(features, own), key=lambda found: (found.source in derived, -found.size))
        named: list[_Difference] = []
        for difference in found:
            if len(named) == MAX_COLUMNS:
                break
            if not any(_say_the_same(difference, other) for other in named):
                named.append(difference)
        text = "; ".join(difference.text for difference in named) or "like the others in every column"
        return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"

    def _differences(self, features: tuple[Feature, ...], own: Bools) -> Iterator[_Difference]:
        """Differences that are large enough, of the features that have words."""
        means, others = self._matrix[own].mean(axis=0), self._matrix[~own].mean(axis=0)
        for place, feature in enumerate(features):
            if self._spreads[place] == 0.0 or feature.kind == "target":
                continue
            size = (means[place] - others[place]) / self._spreads[place]
            values = self._matrix[:, place]
            if feature.kind == "number":
                text = self._number(feature.source, values, own)
            elif size > 0.0:  # that a value is rarer follows from others being more frequent
                text = self._shares(_condition(feature), means[place], self._means[place])
            else:
                continue
            if text and abs(size) >= SMALLEST_DIFFERENCE:
                yield _Difference(abs(float(size)), feature.source, values, text)

    def _number(self, name: str, values: Floats, own: Bools) -> str:
        """The median, or the mean where the medians are equal; of a boolean the share."""
        if ((values == 0.0) | (values == 1.0)).all():
            is_true = float(values[own].mean()) > float(values.mean())
            rows = values if is_true else 1.0 - values
            condition = f"{name} is {self._boolean_texts(name)[is_true]}"
            return self._shares(condition, float(rows[own].mean()), float(rows.mean()))
        described = self._contract.inputs.get(name) or self._contract.derived.get(name)
        unit = "" if described is None else described.unit or ""
        here, everywhere = float(np.median(values[own])), float(np.median(values))
        mean = ""
        if here == everywhere:
            here, everywhere, mean = float(values[own].mean()), float(values.mean()), " on average"
        return f"{name} {_quantity(here, unit)}{mean} (all {_quantity(everywhere, unit if unit in SYMBOLS else '')})"

    def _boolean_texts(self, name: str) -> tuple[str, ...]:
        column = self._contract.inputs.get(name)
        return column.values if column is not None and column.values is not None else BOOLEAN_TEXTS

    @staticmethod
    def _shares(condition: str, here: float, everywhere: float) -> str:
        return f"{condition} ({percent(here, 0)}, all {percent(everywhere, 0)})"


def _condition(feature: Feature) -> str:
    if feature.kind == "category":
        value = str(feature.value)
        value = value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
        return f"{feature.source} is {value if value.isprintable() else ascii(value)[1:-1]}"
    return f"{feature.source} is {'missing' if feature.kind == 'missing' else 'a rare value'}"


def _quantity(value: float, unit: str = "") -> str:
    """``9 months``, ``64.8``, ``$64.76``."""
    text = quantity(value, unit)
    number, blank, rest = text.partition(" ")
    if "." in number and number[-1].isdigit() and number.lstrip("-")[:1] not in "$€£¥₹":
        number = number.rstrip("0").rstrip(".")
    return f"{number}{blank}{rest}"


def _say_the_same(one: _Difference, other: _Difference) -> bool:
    return one.source == other.source or abs(float(np.corrcoef(one.values, other.values)[0, 1])) >= SAME
