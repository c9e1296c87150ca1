"""A fast path for the most frequent request: one row in JSON, all outputs, no parameters.

Every other request, and every invalid one, is left to ``serving.v2.rest``. The templates here are made from answers
that it writes, so both paths give the same errors and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from serving.v2 import rest as wire
from serving.v2.answer import OutputTensor, output_tensors
from serving.v2.query import Query
from serving.v2.request import PLAIN
from serving.v2.tensors import INTEGERS
from tenure.bundle import Bundle, Prediction
from tenure.contract import Contract
from tenure.contract.values import TODAY_COLUMN

_Bounds = tuple[int, int] | None
_BOUNDS: dict[str, dict[type, _Bounds]] = {
    "BYTES": dict.fromkeys((str, type(None))),
    "BOOL": dict.fromkeys((bool, type(None))),
    "FP32": dict.fromkeys((float, int, type(None))),
    "FP64": dict.fromkeys((float, int, type(None))),
    **{
        name: {int: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)), type(None): None}
        for name, dtype in INTEGERS.items()
    },
}
"""The bounds of values by datatype and Python type; None without bounds."""
_MEMBERS = frozenset(("id", "inputs", "outputs", "parameters"))
_SHAPES = ([1], [1, 1])
_ALL: tuple[object, ...] = (None, [])


class OneRowReader:
    """Reads requests for one contract."""

    def __init__(self, contract: Contract) -> None:
        self._inputs = frozenset(contract.accepted)
        self._required = frozenset(name for name, column in contract.accepted.items() if column.required)
        self._ignored = frozenset((*contract.columns, TODAY_COLUMN)) - self._inputs
        self._key = next(iter(contract.columns_of("key")), None)

    def read(self, document: dict[str, Any]) -> Query | None:
        """The query of a parsed body; None if this path does not read it, or it is invalid."""
        try:
            inputs = document["inputs"]
            if not document.keys() <= _MEMBERS or document.get("parameters") or document.get("outputs") not in _ALL:
                return None
            columns = _columns(inputs)
        except (ValueError, KeyError, TypeError):
            return None
        request_id = document.get("id")
        if columns is None or not (request_id is None or type(request_id) is str):
            return None
        return self.query(columns, request_id)

    def query(self, columns: dict[str, Any], request_id: str | None) -> Query | None:
        """The query of one row's columns, each a list of one value; None if they are not the contract's."""
        customers = None
        if columns.keys() != self._inputs:
            for name in columns.keys() - self._inputs:
                if name == self._key:
                    customers = columns.pop(name)
                elif name in self._ignored:
                    del columns[name]
                else:
                    return None
            if not columns.keys() >= self._required:
                return None
        return Query(columns, 1, PLAIN, None, request_id, customers)


def _columns(inputs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Lists of one value by name; None if an input has another form.

    Raises:
        ValueError, KeyError, TypeError: likewise.
    """
    columns: dict[str, Any] = {}
    for entry in inputs:
        data, shape = entry["data"], entry["shape"]
        # A fifth member may be parameters, which may declare a binary value.
        if len(entry) != 4 or shape not in _SHAPES or type(shape[0]) is not int or type(data) is not list:
            return None
        (value,) = data
        bounds = _BOUNDS[entry["datatype"]][type(value)]
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            return None
        columns[entry["name"]] = data
    return columns if columns and len(columns) == len(inputs) else None


class OneRowWriter:
    """Writes answers of one version of a model from templates.

    Args:
        whole: writes an answer with an id without a template.
        number, text: encode a number and an id as ``whole`` does.
    """

    _ID = "the request's id is here"
    _NUMBER = 0.123456789012345

    def __init__(
        self,
        whole: Callable[[Sequence[OutputTensor], str], bytes],
        number: Callable[[float], bytes],
        text: Callable[[str], bytes],
    ) -> None:
        self._whole, self._number, self._text = whole, number, text
        self._templates: dict[tuple[str, str, bool], tuple[bytes, bytes, list[bytes]]] = {}

    def write(self, prediction: Prediction, answer_id: str) -> bytes | None:
        """The answer with all outputs; None if this path does not write it."""
        if prediction.imputed or prediction.unknown or prediction.out_of_range:
            return None
        case = (prediction.band[0], prediction.recommendation[0], prediction.decision.item(0))
        template = self._templates.get(case)
        if template is None:
            # One for each decision and band, of which a bundle has a few.
            template = self._templates[case] = self._template(prediction)
        head, middle, rest = template
        number = self._number
        parts = [head, self._text(answer_id), middle]
        for value, after in zip(prediction.first_row(), rest):  # noqa: B905 as many, and strict takes time
            parts.append(number(value))
            parts.append(after)
        return b"".join(parts)

    def _template(self, prediction: Prediction) -> tuple[bytes, bytes, list[bytes]]:
        """The parts of an answer before the id, after it, and after each number."""
        tensors = output_tensors(prediction, 0, None)
        for tensor in tensors:
            if tensor.name in prediction.outputs.tensors:
                tensor.values = np.array([self._NUMBER])
        head, rest = self._whole(tensors, self._ID).split(self._text(self._ID))
        middle, *between = rest.split(self._number(self._NUMBER))
        return head, middle, between


def rest_writer(model: str, bundle: Bundle) -> OneRowWriter:
    """A writer of answers in JSON."""

    def whole(outputs: Sequence[OutputTensor], answer_id: str) -> bytes:
        return wire.write_answer(model, bundle.version, answer_id, outputs, frozenset())[0]

    return OneRowWriter(whole, orjson.dumps, orjson.dumps)
