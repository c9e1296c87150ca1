"""The body of ``:predict``.

    {"instances": [{"tenure": 1, "Contract": "Month-to-month", …}, …],
     "parameters": {"explain": 3, "threshold": 0.4, "outputs": ["probability", "reasons"]}}

``parameters`` is optional and an extension of V1; its members mean what they mean in V2.
"""

from __future__ import annotations

from typing import Any

from serving.v2.errors import RequestError, quote
from serving.v2.json_body import as_object
from serving.v2.request import Request, check_distinct, read_options
from serving.v2.tensors import Tensor

_MEMBERS = ("instances", "parameters")
_TYPES = frozenset((str, bool, int, float, type(None)))


def one_row(document: dict[str, Any]) -> dict[str, list[Any]] | None:
    """The columns of a request of one customer without parameters; None for any other, and for an invalid one."""
    instances = document.get("instances")
    if len(document) != 1 or type(instances) is not list or len(instances) != 1 or type(instances[0]) is not dict:
        return None
    (instance,) = instances
    if not _TYPES.issuperset(map(type, instance.values())):
        return None
    return {name: [value] for name, value in instance.items()}


def read_request(document: dict[str, Any]) -> Request:
    """Read a request from its parsed body.

    Raises:
        RequestError: the request is invalid; the message is one line for the client.
    """
    for name in document:
        if name not in _MEMBERS:
            raise RequestError(f"unknown key {quote(name)} in the body; the keys are 'instances' and 'parameters'")
    parameters = as_object(document.get("parameters") or {}, "'parameters'")
    options = read_options({name: value for name, value in parameters.items() if name != "outputs"})
    return Request(_tensors(document.get("instances")), options, _outputs(parameters.get("outputs")))


def _tensors(instances: object) -> list[Tensor]:
    """One tensor a column; the first customer defines the columns."""
    if not isinstance(instances, list) or not instances:
        raise RequestError("'instances' is missing or empty: a list of customers is expected, each a JSON object")
    for place, instance in enumerate(instances, start=1):
        if not isinstance(instance, dict):
            raise RequestError(f"instance {place} is {quote(instance)}, not a JSON object of columns by name")
    names = instances[0].keys()
    if not names:
        raise RequestError("instance 1 has no columns")
    for place, instance in enumerate(instances, start=1):
        if instance.keys() != names:
            other = sorted(instance.keys() ^ names)[0]
            has = "has" if other in instance else "lacks"
            raise RequestError(f"instance {place} {has} {quote(other)}, unlike instance 1")
        for name, value in instance.items():
            if type(value) not in _TYPES:
                raise RequestError(f"instance {place}: {quote(name)} is {quote(value)}, not one text, number or null")
    # V1 has no datatypes: the contract reads each value as it is.
    return [Tensor(name, "BYTES", [instance[name] for instance in instances]) for name in names]


def _outputs(value: object) -> list[Any] | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise RequestError(f"parameter 'outputs' is {quote(value)}, not a list of names")
    check_distinct(value)
    return value
