"""From V1's customers to columns.

V1 has no columns: a customer is a JSON object, and one without a key has a missing value there. A column that may be
missing may be left out of some customers, as a null would say; another one may not.
"""

from __future__ import annotations

from typing import Any

from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError, quote
from serving.v2.request import check_inputs
from serving.v2.tensors import Tensor

TYPES = frozenset((str, bool, int, float, type(None)))
"""Types that a customer's value may have."""


def tensors_of(instances: object, names: ColumnNames) -> list[Tensor]:
    """One tensor a column, with None where a customer has no such key.

    Args:
        names: of the model's columns.

    Raises:
        RequestError: the instances are not such customers; the message names the instance and the column.
    """
    if not isinstance(instances, list) or not instances:
        raise RequestError("'instances' is missing or empty: a list of customers is expected, each a JSON object")
    first = instances[0]
    columns: dict[str, None] = {}
    differ = False
    check_inputs(len(first) if isinstance(first, dict) else 0)
    for place, instance in enumerate(instances, start=1):
        if not isinstance(instance, dict):
            raise RequestError(f"instance {place} is {quote(instance)}, not a JSON object of columns by name")
        if instance.keys() != first.keys():
            differ = True
            columns.update(dict.fromkeys(instance))
            check_inputs(len(columns))
        for name, value in instance.items():
            if type(value) not in TYPES:
                raise RequestError(f"instance {place}: {_refusal(name, value, names)}")
    columns = dict.fromkeys(first) | columns
    if not columns:
        raise RequestError("instance 1 has no columns")
    if differ:
        for name in columns:
            if not names.may_be_missing(name):
                _check_in_all(instances, name, is_known=names.is_input(name))
    # V1 has no datatypes: the contract reads each value as it is.
    return [Tensor(name, "BYTES", [instance.get(name) for instance in instances]) for name in columns]


def _refusal(name: str, value: object, names: ColumnNames) -> str:
    """Why ``value``, a list or an object, cannot be a column's value."""
    if isinstance(value, list) and names.tables is not None and not names.is_input(name):
        return names.tables.unknown(name)
    return f"{quote(name)} is {quote(value)}, not one text, number or null"


def _check_in_all(instances: list[dict[str, Any]], name: str, *, is_known: bool) -> None:
    """Check that every instance has a column.

    Raises:
        RequestError: one lacks it.
    """
    having = next(place for place, instance in enumerate(instances, start=1) if name in instance)
    lacking = next((place for place, instance in enumerate(instances, start=1) if name not in instance), None)
    if lacking is None:
        return
    if is_known or having < lacking:
        raise RequestError(f"instance {lacking} lacks {quote(name)}, unlike instance {having}")
    raise RequestError(f"instance {having} has {quote(name)}, unlike instance {lacking}")
