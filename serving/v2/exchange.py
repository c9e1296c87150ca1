"""A V2 request over HTTP, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.http.answer import JSON_HEADERS, HttpAnswer
from serving.http.exchange import HttpExchange
from serving.v2 import rest as wire
from serving.v2.answer import output_tensors
from serving.v2.query import Query
from tenure.bundle import Prediction

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel

_BINARY = (b"content-type", b"application/octet-stream")
_JSON_LENGTH = wire.JSON_LENGTH_HEADER.encode()


class V2Exchange(HttpExchange):
    """An ``Exchange`` in V2 over HTTP.

    Args:
        body: the request's body.
        json_length: value of the header ``Inference-Header-Content-Length``.
    """

    __slots__ = ("_in_binary", "_json_length", "_one_row")

    def __init__(self, body: bytes, json_length: str | None) -> None:
        super().__init__(body)
        self._json_length = json_length
        self._in_binary: frozenset[str] | None = frozenset()
        self._one_row = False

    def read(self, model: ChurnModel) -> Query:
        query = model.one_row.read(self._body) if self._json_length is None else None
        if query is not None:
            self._one_row = True
            return query
        request, self._in_binary = wire.read_request(wire.read_body(self._body, self._json_length))
        return model.query(request)

    def write(
        self, model: ChurnModel, query: Query, prediction: Prediction, answer_id: str, fallback: str
    ) -> HttpAnswer:
        if self._one_row and not fallback:
            content = model.one_row_writer.write(prediction, answer_id)
            if content is not None:
                return HttpAnswer(200, JSON_HEADERS, content)
        outputs = output_tensors(prediction, query.options.explain, query.outputs, model.added)
        content, json_length = wire.write_answer(
            model.name, model.bundle.version, answer_id, outputs, self._in_binary, fallback=fallback
        )
        if json_length is None:
            return HttpAnswer(200, JSON_HEADERS, content)
        return HttpAnswer(200, [_BINARY, (_JSON_LENGTH, str(json_length).encode())], content)
