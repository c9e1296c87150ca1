"""A V1 request over HTTP, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from serving.http.answer import JSON, HttpAnswer
from serving.http.exchange import HttpExchange
from serving.v1.request import one_row, read_request
from serving.v2.answer import FLAGS, output_tensors
from serving.v2.json_body import read_object
from serving.v2.query import Query
from tenure.bundle import Prediction

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel


class V1Exchange(HttpExchange):
    """An ``Exchange`` in V1 over HTTP.

    Args:
        body: the request's body.
    """

    __slots__ = ()

    def read(self, model: ChurnModel) -> Query:
        document = read_object(self._body, "instances")
        columns = one_row(document)
        query = None if columns is None else model.one_row.query(columns, None)
        return model.query(read_request(document, model.names)) if query is None else query

    def write(
        self, model: ChurnModel, query: Query, prediction: Prediction, answer_id: str, fallback: str
    ) -> HttpAnswer:
        explain = query.options.explain
        rows: list[dict[str, Any]] = [{} for _ in range(query.rows)]
        for output in output_tensors(prediction, explain, query.outputs, model.added):
            values = output.values if isinstance(output.values, list) else output.values.tolist()
            width = output.shape[1] if len(output.shape) == 2 else None
            for place, row in enumerate(rows):
                if width is not None:
                    row[output.name] = values[place * width : (place + 1) * width]
                elif output.name in FLAGS:
                    row[output.name] = values[place].split(",") if values[place] else []
                else:
                    row[output.name] = values[place]
        document: dict[str, Any] = {
            # Row by row: orjson holds the interpreter's lock, for milliseconds if many rows are written at once.
            "predictions": orjson.Fragment(b"[" + b",".join([orjson.dumps(row) for row in rows]) + b"]"),
            "model_name": model.name,
            "model_version": model.bundle.version,
            "id": answer_id,
        }
        if fallback:
            document["parameters"] = {"fallback": fallback}
        return HttpAnswer(200, [JSON], orjson.dumps(document))
