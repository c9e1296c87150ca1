"""A V2 answer as one record a customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypedDict

from tenure.errors import ServingError
from tenure.tasks import outputs_among

Outputs = Mapping[str, Any]
"""Data of the answer's tensors by name."""


class AnyRow(TypedDict):
    """The answer about one customer, without the numbers of the task."""

    decision: bool
    band: str
    recommendation: str
    imputed: list[str]
    """Columns whose missing value was filled in."""
    unknown: list[str]
    """Columns with a value that was not in the training data."""
    out_of_range: list[str]
    reasons: list[tuple[str, float]]
    """Column and contribution to the margin, largest first; empty unless requested."""
    model_version: str
    fallback: str
    """Where the answer comes from if not from the model: ``companion`` or ``base_rate``; ``reasons`` if only those are
    missing; empty if the model gave all of it."""


Row = Mapping[str, Any]
"""The answer about one customer: the keys of ``AnyRow``, and the task's numbers by ``Outputs.tensors``; ``additions``
with the outputs of the model's additions by name, if it has some and they were asked for."""

ADDITIONS = "additions"

EXPLAINED = ("reasons", "contributions")
"""Outputs that an answer has where reasons were asked for."""


def added_among(names: Collection[str]) -> tuple[str, ...]:
    """Of the outputs of a model, those of its additions, which an answer has only if the request names them.

    Raises:
        ValueError: the score of no task is among ``names``.
    """
    known = {*AnyRow.__annotations__, *EXPLAINED, *outputs_among(names).tensors}
    return tuple(name for name in names if name not in known)


def score_of(row: Row) -> float:
    """The number by which customers are ranked: the probability or the value."""
    score: float = row[outputs_among(row).score]
    return score


def predictions(answer: Mapping[str, Any]) -> list[Row]:
    """Read the body of an answer with all outputs.

    Raises:
        ServingError: it is not such an answer.
    """
    try:
        outputs = {output["name"]: output["data"] for output in answer["outputs"]}
        whose = str(answer["model_version"]), str(answer.get("parameters", {}).get("fallback", ""))
        numbers = outputs_among(outputs).tensors
        rows = len(outputs["band"])
        added = added_among(outputs)
        return [
            {name: float(outputs[name][row]) for name in numbers}
            | _shared(outputs, row, rows, *whose)
            | ({ADDITIONS: {name: outputs[name][row] for name in added}} if added else {})
            for row in range(rows)
        ]
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ServingError(f"the server's answer cannot be read: {type(error).__name__}: {error}") from None


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
