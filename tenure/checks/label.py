"""The label column: which values mean that a customer left, which are ignored, and labels as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Column, Contract
from tenure.contract.schema import BOOLEAN_TEXTS
from tenure.errors import ContractError
from tenure.parsing import numerals
from tenure.parsing.faults import quote
from tenure.parsing.parse import arrow_type, parse_value
from tenure.stats.sketch import drop_rare
from tenure.tasks import get


@dataclass(frozen=True)
class Named:
    """Values of the label column that the contract names, each as it stands there and in the column's parsed type."""

    positive: dict[str, Any]
    """``label.positive``."""
    ignore: dict[str, Any]
    """``label.ignore``."""


def named_values(contract: Contract) -> Named:
    """Read ``label.positive`` and ``label.ignore`` as values of the label column.

    Raises:
        ContractError: one is not a value of the column's type, is declared as missing, or stands in both.
    """
    name = contract.label_column
    if name is None:
        return Named({}, {})
    column = contract.columns[name]
    positive = {text: _read(text, name, column, "label.positive") for text in contract.label.positives}
    ignore = {text: _read(text, name, column, "label.ignore") for text in contract.label.ignore}
    both = equal_any(pa.array(list(ignore.values()), arrow_type(column)), list(positive.values()))
    if pc.any(both).as_py():
        text = list(ignore)[both.index(True).as_py()]
        raise ContractError(f"'label.ignore': {quote(text)} is a value of 'label.positive' too: name it in one of them")
    return Named(positive, ignore)


def positives(contract: Contract, labels: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Whether each label has a value of ``label.positive``; boolean, null where the label is.

    Args:
        labels: the label column in its parsed type.

    Raises:
        ContractError: ``label.positive`` is not a value of the label column's type.
    """
    if contract.label_column is None or not contract.label.positives:
        raise ValueError("an event log has no label column")
    left = equal_any(labels, list(named_values(contract).positive.values()))
    return pc.if_else(labels.is_valid(), left, pa.scalar(None, pa.bool_()))


def labels_of(contract: Contract, column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Labels of the contract's task, shape (rows,): 1 for customers who left and 0 for others, or the number.

    Args:
        column: the label column in its parsed type, without nulls; of an event log the computed one.

    Raises:
        ContractError: as for ``positives``.
    """
    return get(contract.task).label.read(contract, column)


def equal_any(labels: pa.Array | pa.ChunkedArray, values: Sequence[Any]) -> pa.Array | pa.ChunkedArray:
    """Whether each label is one of ``values``; a boolean without nulls.

    Texts that are numbers are equal if the numbers are: a source writes 1 or 1.0.

    Args:
        labels: the label column in its parsed type.
        values: of that type.
    """
    equal = pc.is_in(labels, value_set=pa.array(values, labels.type))
    if not pa.types.is_string(labels.type):
        return equal
    numbers = numerals.floats(pa.array(values, pa.string())).values.drop_null()
    if not len(numbers):
        return equal
    distinct = pc.unique(labels).drop_null()
    same = distinct.filter(pc.is_in(numerals.floats(distinct).values, value_set=numbers))
    return pc.or_(equal, pc.is_in(labels, value_set=same))


def count_values(labels: pa.Array, into: Counter[Any]) -> None:
    """Add the number of rows of each value to ``into``. Missing values are not counted."""
    for entry in pc.value_counts(labels.drop_null()):
        into[entry["values"].as_py()] += entry["counts"].as_py()
    drop_rare(into)


def select(counted: Mapping[Any, int], values: Sequence[Any], column: Column) -> tuple[Counter[Any], Counter[Any]]:
    """Divide counted labels: those that are one of ``values``, and the others."""
    labels = list(counted)
    equal = equal_any(pa.array(labels, arrow_type(column)), values).to_pylist()
    chosen = Counter({label: counted[label] for label, is_one in zip(labels, equal, strict=True) if is_one})
    return chosen, Counter(counted) - chosen


def shown(value: Any, column: Column) -> str:
    """A label for a message: text in quotes, a boolean as ``column`` writes it, a number without trailing zeros."""
    if isinstance(value, bool):
        return quote((column.values or BOOLEAN_TEXTS)[value])
    return f"{value:.12g}" if isinstance(value, float) else quote(value)


def _read(text: str, name: str, column: Column, key: str) -> Any:
    try:
        value = parse_value(text, name, column, key)
    except ContractError as error:
        if key == "label.positive":
            raise
        raise ContractError(f"{error}: write 'columns.{name}.missing_values: [{text}]' to set its rows aside") from None
    if value is None:
        raise ContractError(f"'{key}': {quote(text)} is a missing value of '{name}': leave it out")
    return value
