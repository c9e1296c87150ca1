"""From a prediction to the tensors of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from serving.v2.errors import RequestError, quote
from tenure.bundle import Flags, Prediction
from tenure.bundle.additions import AddedColumn
from tenure.tasks import Outputs

_OF_ANY_TASK = {
    "decision": "BOOL",
    "band": "BYTES",
    "recommendation": "BYTES",
    "imputed": "BYTES",
    "unknown": "BYTES",
    "out_of_range": "BYTES",
}
"""Outputs of shape [n] beside the task's numbers, with their datatypes. The last three name the columns concerned,
separated by commas."""
FLAGS = ("imputed", "unknown", "out_of_range")
EXPLAINED = {"reasons": "BYTES", "contributions": "FP64"}
"""Outputs of shape [n, k] for the parameter ``explain``: columns by size of contribution, and their contributions."""


def always(outputs: Outputs) -> dict[str, str]:
    """Outputs of shape [n] with their datatypes, for a task with these numbers."""
    return {**dict.fromkeys(outputs.tensors, "FP64"), **_OF_ANY_TASK}


@dataclass(slots=True)  # not frozen: one is made for every column of every request
class OutputTensor:
    """One named output."""

    name: str
    datatype: str
    shape: list[int]
    values: list[Any] | np.ndarray
    """Flat, in row-major order: str, bool or float."""


def output_tensors(
    prediction: Prediction,
    explain: int,
    wanted: Sequence[str] | None,
    added: Mapping[str, AddedColumn] = MappingProxyType({}),
) -> list[OutputTensor]:
    """The tensors of an answer.

    Args:
        explain: number of reasons a row.
        wanted: names of the outputs, in order; None for all but those of ``added``.
        added: the outputs of the bundle's additions by name.

    Raises:
        RequestError: ``wanted`` names an unknown output.
    """
    rows = len(prediction)
    available = {**always(prediction.outputs), **(EXPLAINED if explain else {})}
    if wanted is not None:
        available |= {name: column.datatype for name, column in added.items()}
    for name in wanted or ():
        if name not in available:
            hint = (
                ": it needs the parameter 'explain'"
                if name in EXPLAINED
                else f"; the outputs are {', '.join(available)}"
            )
            raise RequestError(f"no output {quote(name)}{hint}")
    return [
        OutputTensor(name, available[name], [rows, explain] if name in EXPLAINED else [rows], values)
        for name in (available if wanted is None else wanted)
        for values in [prediction.added_values(added[name]) if name in added else _values(name, prediction, explain)]
    ]


def _values(name: str, prediction: Prediction, explain: int) -> list[Any] | np.ndarray:
    if name in prediction.outputs.tensors:
        return prediction.number(name)
    if name in FLAGS:
        return _flagged(getattr(prediction, name), len(prediction))
    if name == "reasons":
        return _padded([[reason.column for reason in row] for row in prediction.reasons], explain, "")
    if name == "contributions":
        return _padded([[reason.contribution for reason in row] for row in prediction.reasons], explain, 0.0)
    values: list[Any] | np.ndarray = getattr(prediction, name)
    return values


def _flagged(flags: Flags, rows: int) -> list[str]:
    """The flagged columns of every row, separated by commas."""
    names: dict[int, list[str]] = {}
    for column, mask in flags.items():
        for row in np.flatnonzero(mask).tolist():
            names.setdefault(row, []).append(column)
    texts = [""] * rows
    for row, columns in names.items():
        texts[row] = ",".join(columns)
    return texts


def _padded(rows: list[list[Any]], length: int, filler: Any) -> list[Any]:
    """All rows in one list, each padded to ``length``."""
    return [value for row in rows for value in row + [filler] * (length - len(row))]
