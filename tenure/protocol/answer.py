"""A V2 answer as one record a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from tenure.errors import ServingError


class Row(TypedDict):
    """What the server says about one customer."""

    probability: float
    decision: bool
    band: str
    recommendation: str
    imputed: list[str]
    """Columns whose missing value was filled in."""
    unknown: list[str]
    """Columns with a value that training never saw."""
    out_of_range: list[str]
    reasons: list[tuple[str, float]]
    """Column and contribution to the margin, largest first; empty unless asked for."""
    model_version: str


def predictions(answer: Mapping[str, Any]) -> list[Row]:
    """Read the body of an answer with all outputs.

    Raises:
        ServingError: it is none.
    """
    try:
        outputs = {output["name"]: output["data"] for output in answer["outputs"]}
        rows = len(outputs["probability"])
        found: list[Row] = [
            {
                "probability": float(outputs["probability"][row]),
                "decision": bool(outputs["decision"][row]),
                "band": str(outputs["band"][row]),
                "recommendation": str(outputs["recommendation"][row]),
                "imputed": _names(outputs["imputed"][row]),
                "unknown": _names(outputs["unknown"][row]),
                "out_of_range": _names(outputs["out_of_range"][row]),
                "reasons": _reasons(outputs, row, rows),
                "model_version": str(answer["model_version"]),
            }
            for row in range(rows)
        ]
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ServingError(f"the server's answer is not one of this model: {type(error).__name__}: {error}") from None
    return found


def _names(joined: str) -> list[str]:
    return joined.split(",") if joined else []


def _reasons(outputs: Mapping[str, Any], row: int, rows: int) -> list[tuple[str, float]]:
    if "reasons" not in outputs:
        return []
    width = len(outputs["reasons"]) // rows
    place = slice(row * width, (row + 1) * width)
    pairs = zip(outputs["reasons"][place], outputs["contributions"][place], strict=True)
    return [(str(column), float(contribution)) for column, contribution in pairs if column]
