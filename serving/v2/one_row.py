"""A fast path for the most frequent request: one row in JSON, all outputs, no parameters.

Every other request, and every invalid one, is left to ``serving.v2.rest``. The templates here are made from answers
that it writes, so both paths give the same errors and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import orjson

from serving.v2 import rest as wire
from serving.v2.answer import OutputTensor, output_tensors
from serving.v2.columns import ignored_columns
from serving.v2.json_tensors import OneValueTensors
from serving.v2.query import Query
from serving.v2.request import PLAIN
from tenure.bundle import Bundle, Prediction
from tenure.contract import Contract

_MEMBERS = frozenset(("id", "outputs", "parameters"))
_ALL: tuple[object, ...] = (None, [])
_MAX_ORDERS = 64
"""Orders of columns whose names are known to be valid; clients have one each."""

_tensors = OneValueTensors()


class OneRowReader:
    """Reads requests for one contract."""

    def __init__(self, contract: Contract) -> None:
        self._inputs = frozenset(contract.accepted)
        self._required = frozenset(name for name, column in contract.accepted.items() if column.required)
        self._ignored = ignored_columns(contract)
        self._key = next(iter(contract.columns_of("key")), None)
        self._left_out: dict[tuple[str, ...], tuple[str, ...]] = {}
        """By the columns' names in the order of a request: the columns that are no inputs."""

    def read(self, body: bytes) -> Query | None:
        """The query of a body; None if this path does not read it, or it is invalid."""
        try:
            divided = _tensors.read(body)
        except (ValueError, KeyError, TypeError):
            return None
        if divided is None:
            return None
        columns, document = divided.columns, divided.document
        if document and (
            not document.keys() <= _MEMBERS or document.get("parameters") or document.get("outputs") not in _ALL
        ):
            return None
        request_id = document.get("id")
        if not (request_id is None or type(request_id) is str):
            return None
        return self.query(columns, request_id)

    def query(self, columns: dict[str, Any], request_id: str | None) -> Query | None:
        """The query of one row's columns, each a list of one value; None if they are not the contract's."""
        names = tuple(columns)
        left_out = self._left_out.get(names)
        if left_out is None:
            left_out = self._check(columns.keys())
            if left_out is None:
                return None
            if len(self._left_out) >= _MAX_ORDERS:
                self._left_out.clear()
            self._left_out[names] = left_out
        customers = None
        for name in left_out:
            values = columns.pop(name)
            if name == self._key:
                customers = values
        return Query(columns, 1, PLAIN, None, request_id, customers)

    def _check(self, names: AbstractSet[str]) -> tuple[str, ...] | None:
        """The columns that are no inputs, of those with these names; None if they are not the contract's."""
        others = names - self._inputs
        if any(name != self._key and name not in self._ignored for name in others) or not names >= self._required:
            return None
        return tuple(others)


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
