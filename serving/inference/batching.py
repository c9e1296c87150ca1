"""Single rows that are asked about at the same time go to the model together.

Nothing waits for company: what one turn of the event loop brought is predicted at its end. A model takes a third of
the time for each of sixteen rows that it takes for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from serving.inference.model import ChurnModel
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.query import Query
from tenure.bundle import AnyPrediction
from tenure.errors import InputError

Done = Callable[[Callable[[Query], AnyPrediction]], None]

MAX_ROWS = 64
"""More than these go to the model in several calls: the event loop is held for each."""


class Batching:
    """Collects queries of one row without parameters."""

    def __init__(self) -> None:
        self._waiting: dict[ChurnModel, list[tuple[Query, Done]]] = {}

    def add(self, model: ChurnModel, query: Query, done: Done) -> None:
        """Predict ``query`` soon: ``done`` is called with what does it.

        The first of those that came together whose ``done`` calls that makes the model predict them all. Where none
        does, because the model is left alone for a while, it is not asked.
        """
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._take_turns)
        self._waiting.setdefault(model, []).append((query, done))

    def _take_turns(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for model, queries in waiting.items():
            for start in range(0, len(queries), MAX_ROWS):
                together = queries[start : start + MAX_ROWS]
                batch = _Batch(model, [query for query, _ in together])
                for place, (_, done) in enumerate(together):
                    try:
                        done(partial(batch.predict, place))
                    except Exception as error:  # the others' answers must not depend on it
                        logs.server.error("an answer was lost", exc_info=error)


class _Batch:
    """Queries that go to the model together, when the first of them is to be predicted."""

    __slots__ = ("_apart", "_found", "_model", "_queries")

    def __init__(self, model: ChurnModel, queries: list[Query]) -> None:
        self._model = model
        self._queries = queries
        self._found: list[AnyPrediction | InputError] | None = None
        self._apart = False

    def predict(self, place: int, query: Query) -> AnyPrediction:
        """What the model says of ``query``, which has this place among the others."""
        if self._found is None and not self._apart:
            try:
                self._found = [*self._model.bundle.predict_each([query.columns for query in self._queries])]
            except Exception:
                if len(self._queries) == 1:
                    raise
                # Perhaps one customer's row is too much for the model: the others shall not suffer for it.
                self._apart = True
        if self._found is None:
            return self._model.predict_query(query)
        found = self._found[place]
        if isinstance(found, InputError):
            raise RequestError(str(found))
        return found
