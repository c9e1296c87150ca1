"""Definitions of the features, for people: origin, reason and encoding of each."""

from __future__ import annotations

from typing import Any

from tenure.contract import Contract
from tenure.features.catalogue import Definition, catalogue
from tenure.features.reduction import Reduction
from tenure.transform import Transform
from tenure.transform.state import Encoding, Number
from tenure.transform.target_statistics import Target


def definitions(contract: Contract, transform: Transform, reduction: Reduction) -> dict[str, Any]:
    """The content of ``definitions.json``: every input and derived feature, and the columns of the encoded matrix."""
    left_out = {each.column: each.message for each in reduction.dropped}
    encodings = {encoding.name: encoding for encoding in transform.state.encodings}
    found = catalogue(contract)
    for definition in found:
        encoding = encodings.get(definition["name"])
        if encoding is not None:
            definition["encoding"] = _encoding(encoding)
        elif definition["name"] in left_out:
            definition["not_used"] = left_out[definition["name"]]
    return {
        "contract": contract.name,
        "features": found,
        "matrix": [
            {"name": feature.name, "source": feature.source, "kind": feature.kind} for feature in transform.features
        ],
    }


def _encoding(encoding: Encoding) -> Definition:
    if isinstance(encoding, Target):
        return {
            "as": "mean of the label by value",
            "values": list(encoding.values),
            "other": f"{len(encoding.rare)} rare values together, and new ones: {encoding.other:.6g}",
            "missing": f"their own mean: {encoding.missing:.6g}",
        }
    flag = "marked by a feature" if encoding.missing_flag else "none, or too few, in the training part"
    if isinstance(encoding, Number):
        return {"as": "number", "missing": f"filled with {encoding.impute:g}; {flag}"}
    filled = flag if encoding.missing_flag or encoding.impute is None else f"replaced by '{encoding.impute}'; {flag}"
    found = {"as": "one feature per value", "values": list(encoding.values), "missing": filled}
    return {**found, "rare": list(encoding.rare)} if encoding.rare else found
