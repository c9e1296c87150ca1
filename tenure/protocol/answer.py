"""A V2 answer as one record a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, final

from tenure.errors import ServingError

Outputs = Mapping[str, Any]
"""Data of the answer's tensors by name."""


class AnyRow(TypedDict):
    """What the server says about one customer, whatever the model predicts."""

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
    fallback: str
    """What said this in the model's place: ``companion`` or ``base_rate``; ``reasons`` if only those are missing;
    empty if the model as a whole said it."""


@final
class ChurnRow(AnyRow):
    """Of a classification."""

    probability: float
    confidence: float
    """The probability that the decision meets this customer."""


@final
class ValueRow(AnyRow):
    """Of a regression: a value, and the interval that it lies in."""

    value: float
    value_low: float
    value_high: float


Row = ChurnRow | ValueRow


def score_of(row: Row) -> float:
    """What customers are ranked by: the probability, or the value."""
    return row["value"] if "value" in row else row["probability"]


def predictions(answer: Mapping[str, Any]) -> list[Row]:
    """Read the body of an answer with all outputs.

    Raises:
        ServingError: it is none.
    """
    try:
        outputs = {output["name"]: output["data"] for output in answer["outputs"]}
        whose = str(answer["model_version"]), str(answer.get("parameters", {}).get("fallback", ""))
        read = _value if "value" in outputs else _churn
        rows = len(outputs["band"])
        return [read(outputs, row, _shared(outputs, row, rows, *whose)) for row in range(rows)]
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ServingError(f"the server's answer is not one of this model: {type(error).__name__}: {error}") from None


def _churn(outputs: Outputs, row: int, shared: AnyRow) -> Row:
    return {
        "probability": float(outputs["probability"][row]),
        "confidence": float(outputs["confidence"][row]),
        **shared,
    }


def _value(outputs: Outputs, row: int, shared: AnyRow) -> Row:
    return {
        "value": float(outputs["value"][row]),
        "value_low": float(outputs["value_low"][row]),
        "value_high": float(outputs["value_high"][row]),
        **shared,
    }


def _shared(outputs: Outputs, row: int, rows: int, version: str, fallback: str) -> AnyRow:
    return {
        "decision": bool(outputs["decision"][row]),
        "band": str(outputs["band"][row]),
        "recommendation": str(outputs["recommendation"][row]),
        "imputed": _names(outputs["imputed"][row]),
        "unknown": _names(outputs["unknown"][row]),
        "out_of_range": _names(outputs["out_of_range"][row]),
        "reasons": _reasons(outputs, row, rows),
        "model_version": version,
        "fallback": fallback,
    }


def _names(joined: str) -> list[str]:
    return joined.split(",") if joined else []


def _reasons(outputs: Outputs, row: int, rows: int) -> list[tuple[str, float]]:
    if "reasons" not in outputs:
        return []
    width = len(outputs["reasons"]) // rows
    place = slice(row * width, (row + 1) * width)
    pairs = zip(outputs["reasons"][place], outputs["contributions"][place], strict=True)
    return [(str(column), float(contribution)) for column, contribution in pairs if column]
