"""Definitions of the features, for people: origin, reason and encoding of each."""

from __future__ import annotations

from typing import Any

from tenure.contract import Contract
from tenure.transform import Transform
from tenure.transform.state import Encoding, Number

Definition = dict[str, Any]


def definitions(contract: Contract, transform: Transform) -> dict[str, Any]:
    """The content of ``definitions.json``: every input and derived feature, and the columns of the encoded matrix."""
    encodings = {encoding.name: encoding for encoding in transform.state.encodings}
    found = [_input(contract, name) for name in contract.inputs] + [
        _derived(contract, name) for name in contract.derived
    ]
    for definition in found:
        encoding = encodings.get(definition["name"])
        if encoding is not None:
            definition["encoding"] = _encoding(encoding)
    return {
        "contract": contract.name,
        "features": found,
        "matrix": [
            {"name": feature.name, "source": feature.source, "kind": feature.kind} for feature in transform.features
        ],
    }


def _input(contract: Contract, name: str) -> Definition:
    window = contract.windows.get(name)
    if window is not None:
        days = "all days" if window.days is None else f"the {window.days} days"
        made: Definition = {
            "origin": "window",
            "definition": f"{window.phrase} over {days} before the cut",
            "reason": window.reason,
        }
        return _without_none({"name": name, "type": "number", "unit": window.unit, **made})
    column = contract.columns[name]
    return _without_none(
        {
            "name": name,
            "type": column.type,
            "unit": column.unit,
            "origin": "column",
            "description": column.description,
            "range": column.range,
            "values": column.values,
        }
    )


def _derived(contract: Contract, name: str) -> Definition:
    derived, expression = contract.derived[name], contract.expressions[name]
    return _without_none(
        {
            "name": name,
            "type": expression.type,
            "unit": derived.unit,
            "origin": "derived",
            "definition": expression.text,
            "from": list(expression.columns),
            "reason": derived.reason,
        }
    )


def _encoding(encoding: Encoding) -> Definition:
    flag = "marked by a feature" if encoding.missing_flag else "none in the training part"
    if isinstance(encoding, Number):
        return {"as": "number", "missing": f"filled with {encoding.impute:g}; {flag}"}
    filled = flag if encoding.missing_flag or encoding.impute is None else f"replaced by '{encoding.impute}'; {flag}"
    return {"as": "one feature per value", "values": list(encoding.values), "missing": filled}


def _without_none(definition: Definition) -> Definition:
    return {key: value for key, value in definition.items() if value is not None}
