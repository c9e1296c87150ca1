"""A bundle as a KServe model."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import kserve
from kserve.errors import InvalidInput

from serving.metrics import ModelMetrics
from serving.v2.answer import ALWAYS, EXPLAINED, OutputTensor, output_tensors
from serving.v2.columns import ColumnNames, Columns
from serving.v2.errors import RequestError
from serving.v2.request import Request
from tenure.bundle import Bundle, Prediction
from tenure.contract import Column
from tenure.errors import InputError

_INLINE_ROWS = 64
"""Up to here a prediction runs on the event loop, which it holds for about 0.7 ms. A thread for each single row left
the throughput of 16 connections as it was and made the slowest hundredth of requests slower."""

_DATATYPES = {"integer": "INT64", "number": "FP64", "boolean": "BOOL"}


class ChurnModel(kserve.Model):  # type: ignore[misc]  # it has no type stubs
    """Answers V2 requests of named columns from a bundle."""

    def __init__(self, name: str, bundle: Bundle) -> None:
        super().__init__(name)
        self.bundle = bundle
        self._names = ColumnNames(bundle.contract)
        self._metrics = ModelMetrics(name, bundle.version, bundle.manifest.family)
        self.ready = True

    async def answer(self, request: Request) -> list[OutputTensor]:
        """Predict what a request asks for.

        Raises:
            RequestError: the request cannot be answered.
        """
        columns, rows = self._names.columns(request.tensors)
        # Reasons take longer than the rest: half a millisecond a row for a large ensemble.
        if rows <= _INLINE_ROWS and not request.options.explain:
            prediction = self._predict(columns, request)
        else:
            prediction = await asyncio.to_thread(self._predict, columns, request)
        outputs = output_tensors(prediction, request.options.explain, request.outputs)
        self._metrics.count(prediction)
        return outputs

    def _predict(self, columns: Columns, request: Request) -> Prediction:
        options = request.options
        try:
            with self._metrics.seconds.time():
                return self.bundle.predict(columns, explain=options.explain, threshold=options.threshold)
        except InputError as error:
            raise RequestError(str(error)) from error

    def get_input_types(self) -> list[dict[str, Any]]:
        """The contract's inputs, for the model's metadata."""
        return [
            {"name": name, "datatype": _datatype(column), "shape": [-1]}
            for name, column in self.bundle.contract.inputs.items()
        ]

    def get_output_types(self) -> list[dict[str, Any]]:
        """All outputs, for the model's metadata."""
        always = [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in ALWAYS.items()]
        return always + [{"name": name, "datatype": kind, "shape": [-1, -1]} for name, kind in EXPLAINED.items()]

    def predict(self, *_: Any, **__: Any) -> NoReturn:
        """V1 requests end here."""
        raise InvalidInput(f"this model speaks the V2 protocol: POST /v2/models/{self.name}/infer")

    def explain(self, *_: Any, **__: Any) -> NoReturn:
        """V1 requests end here."""
        raise InvalidInput(f"reasons come with the parameter 'explain' of POST /v2/models/{self.name}/infer")


def _datatype(column: Column) -> str:
    # An integer that may be missing has no INT64 form: its missing value is NaN.
    if column.type == "integer" and column.nullable:
        return "FP64"
    return _DATATYPES.get(column.type, "BYTES")
