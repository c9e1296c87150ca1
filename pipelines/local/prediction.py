"""Predictions for single customers: by a running server, or by a bundle in this process."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.local.records import Record
from tenure.contract.values import TODAY_COLUMN
from tenure.errors import InputError, ServingError

if TYPE_CHECKING:
    from tenure.bundle import Bundle, Prediction
    from tenure.protocol import AnyRow, Row

ASK_TIMEOUT_S = 60.0


class Predictor(Protocol):
    """Predicts for customers."""

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        """One prediction per record.

        Args:
            records: the customers.
            explain: number of reasons per prediction.
            threshold: smallest probability, or value, of a customer to contact; the model's own by default.

        Raises:
            InputError: a record lacks a column that the model needs, or holds an invalid value.
            ServingError: the server is down or fails.
        """

    def key_in(self, record: Record) -> str | None:
        """Column of ``record`` that identifies the customer; None without one."""


@dataclass(frozen=True)
class LocalPredictor:
    """Predicts by a bundle in this process."""

    bundle: Bundle
    day: date | None = None
    """Of the prediction, for records that name none; only a model whose features depend on it needs one."""

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        from tenure.protocol import ADDITIONS

        found = self.bundle.predict(
            _columns(records), explain=explain, threshold=threshold, day=self.day, additions=True
        )
        rows = [_answer(found, row, explain) for row in range(len(found))]
        added = {name: found.added_values(column) for name, column in self.bundle.added_columns.items()}
        if not added:
            return rows
        return [
            {**row, ADDITIONS: {name: _plain(values[place]) for name, values in added.items()}}
            for place, row in enumerate(rows)
        ]

    def key_in(self, record: Record) -> str | None:
        return next((name for name in self.bundle.contract.columns_of("key") if name in record), None)


def _plain(value: str | float) -> str | float | None:
    """A value as JSON has it: null for one that is missing."""
    if isinstance(value, str):
        return value
    return None if math.isnan(value) else float(value)


def _answer(found: Prediction, row: int, explain: int) -> Row:
    shared: AnyRow = {
        "decision": bool(found.decision[row]),
        "band": found.band[row],
        "recommendation": found.recommendation[row],
        "imputed": [name for name, flags in found.imputed.items() if flags[row]],
        "unknown": [name for name, flags in found.unknown.items() if flags[row]],
        "out_of_range": [name for name, flags in found.out_of_range.items() if flags[row]],
        "reasons": [(reason.column, reason.contribution) for reason in found.reasons[row]] if explain else [],
        "model_version": found.version,
        "fallback": "",
    }
    return {name: float(found.number(name)[row]) for name in found.outputs.tensors} | shared


@dataclass(frozen=True)
class RemotePredictor:
    """Predicts by a model of a running server, over the V2 protocol."""

    url: str
    name: str
    inputs: frozenset[str]
    """Names of the model's columns; others are not sent."""
    outputs: tuple[str, ...] = ()
    """Names of all outputs, for a model that has some that must be named; else empty."""
    day: date | None = None
    """Of the prediction, for records without ``TODAY_COLUMN``; the server's by default."""

    @classmethod
    def connect(cls, url: str, name: str | None, day: date | None = None) -> RemotePredictor:
        """Read the model's metadata from the server.

        Args:
            url: address of the server.
            name: name of the model; may be None where the server has exactly one.
            day: of the prediction.

        Raises:
            InputError: no name is given and the server does not have exactly one model, or it has no such model.
            ServingError: the server does not answer.
        """
        from tenure.protocol import added_among, get_json

        base = url.rstrip("/")
        if name is None:
            names = get_json(f"{base}/v2/models", timeout_s=ASK_TIMEOUT_S).get("models", [])
            if len(names) != 1:
                raise InputError(f"which model? {base} serves {', '.join(names) or 'none'}; say --name")
            name = names[0]
        metadata = get_json(f"{base}/v2/models/{name}", timeout_s=ASK_TIMEOUT_S)
        try:
            outputs = tuple(str(output["name"]) for output in metadata.get("outputs", ()))
            if not outputs or not added_among(outputs):
                outputs = ()
            return cls(base, name, frozenset(column["name"] for column in metadata["inputs"]), outputs, day)
        except (KeyError, TypeError, ValueError) as error:
            raise ServingError(f"{base} answers with invalid V2 metadata of the model '{name}': {error}") from error

    def predict(self, records: Sequence[Record], *, explain: int, threshold: float | None) -> list[Row]:
        from tenure.protocol import EXPLAINED, infer_request, post_json, predictions

        sent = {name: values for name, values in _columns(records).items() if name in self.inputs}
        if not sent:
            raise InputError(f"the rows have none of the model's columns: {', '.join(sorted(self.inputs))}")
        if self.day is not None:
            sent.setdefault(TODAY_COLUMN, [self.day.isoformat()] * len(records))
        outputs = [name for name in self.outputs if explain or name not in EXPLAINED]
        document = infer_request(sent, explain=explain, threshold=threshold, outputs=outputs)
        return predictions(post_json(f"{self.url}/v2/models/{self.name}/infer", document, timeout_s=ASK_TIMEOUT_S))

    def key_in(self, record: Record) -> str | None:
        # The metadata does not name the key, which most tables have in front.
        first = next(iter(record))
        return None if first in self.inputs else first


def _columns(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}
