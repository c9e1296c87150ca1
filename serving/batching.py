"""Single rows that are asked about at the same time go to the model together.

Nothing waits for company: what one turn of the event loop brought is predicted at its end. A model takes a third of
the time for each of sixteen rows that it takes for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from serving import logs
from serving.model import ChurnModel
from serving.v2.errors import RequestError
from serving.v2.query import Query
from tenure.bundle import AnyPrediction
from tenure.errors import InputError

Predicted = AnyPrediction | Exception
Done = Callable[[Predicted], None]

MAX_ROWS = 64
"""More than these go to the model in several calls: the event loop is held for each."""


class Batching:
    """Collects queries of one row without parameters."""

    def __init__(self) -> None:
        self._waiting: dict[ChurnModel, list[tuple[Query, Done]]] = {}

    def add(self, model: ChurnModel, query: Query, done: Done) -> None:
        """Predict ``query`` soon; ``done`` is called with what came of it."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._predict_all)
        self._waiting.setdefault(model, []).append((query, done))

    def _predict_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for model, queries in waiting.items():
            for start in range(0, len(queries), MAX_ROWS):
                _predict(model, queries[start : start + MAX_ROWS])


def _predict(model: ChurnModel, queries: list[tuple[Query, Done]]) -> None:
    found: list[Predicted]
    try:
        found = [*model.bundle.predict_each([query.columns for query, _ in queries])]
    except Exception as error:  # the model's own failure is everybody's
        found = [error] * len(queries)
    for (_, done), predicted in zip(queries, found, strict=True):
        try:
            done(RequestError(str(predicted)) if isinstance(predicted, InputError) else predicted)
        except Exception as error:  # the others' answers must not depend on it
            logs.server.error("an answer was lost", exc_info=error)
