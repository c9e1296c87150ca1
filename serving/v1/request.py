"""The body of ``:predict``.

    {"instances": [{"tenure": 1, "Contract": "Month-to-month", …}, …],
     "parameters": {"explain": 3, "threshold": 0.4, "outputs": ["probability", "reasons"]}}

``parameters`` is optional and an extension of V1; its members mean what they mean in V2. Where the model's inputs are
computed from tables, a customer may hold the rows of some of them instead, and the body the instant:

    {"instances": [{"subscriber_id": "a", "country": "DE",
                    "sessions": [{"started_at": "2026-11-29T20:00", "minutes": 5}, …], "payments": []}],
     "as_of": "2026-11-30T06:00"}
"""

from __future__ import annotations

from typing import Any

from serving.v1.instances import TYPES, tensors_of
from serving.v1.table_rows import take_tables
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError, quote
from serving.v2.json_body import as_object
from serving.v2.request import MAX_INPUTS, Request, check_distinct, read_options

_MEMBERS = ("instances", "parameters", "as_of")


def one_row(document: dict[str, Any]) -> dict[str, list[Any]] | None:
    """The columns of a request of one customer without parameters; None for any other, and for an invalid one."""
    instances = document.get("instances")
    if len(document) != 1 or type(instances) is not list or len(instances) != 1 or type(instances[0]) is not dict:
        return None
    (instance,) = instances
    if len(instance) > MAX_INPUTS:
        return None
    if not TYPES.issuperset(map(type, instance.values())):
        return None
    return {name: [value] for name, value in instance.items()}


def read_request(document: dict[str, Any], names: ColumnNames) -> Request:
    """Read a request from its parsed body.

    Args:
        names: of the model's columns.

    Raises:
        RequestError: the request is invalid; the message is one line for the client.
    """
    for name in document:
        if name not in _MEMBERS:
            raise RequestError(
                f"unknown key {quote(name)} in the body; the keys are 'instances', 'parameters' and 'as_of'"
            )
    parameters = as_object(document.get("parameters") or {}, "'parameters'")
    options = read_options(_with_instant(document, parameters))
    outputs = _outputs(parameters.get("outputs"))
    instances = document.get("instances")
    divided = None
    if names.tables is not None and isinstance(instances, list):
        divided = take_tables(instances, names.tables)
    if divided is None:
        return Request(tensors_of(instances, names), options, outputs)
    plain, tables = divided
    tensors = tensors_of(plain, names) if any(plain) else []
    return Request(tensors, options, outputs, tables=tables, rows=len(plain))


def _with_instant(document: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters that V2 has too, the body's ``as_of`` among them."""
    found = {name: value for name, value in parameters.items() if name != "outputs"}
    if document.get("as_of") is None:
        return found
    if parameters.get("as_of") is not None:
        raise RequestError("'as_of' is given twice: in the body and in 'parameters'")
    return found | {"as_of": document["as_of"]}


def _outputs(value: object) -> list[Any] | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise RequestError(f"parameter 'outputs' is {quote(value)}, not a list of names")
    check_distinct(value)
    return value
