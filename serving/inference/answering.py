"""The path of every inference request, over HTTP or gRPC.

The fast HTTP route, the REST application and gRPC each make a ``Call`` and an ``Exchange``, and get the answer by a
callback. Nothing on the path is a coroutine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from serving.admission.deadline import check_deadline
from serving.admission.refusal import LateError
from serving.admission.request_memory import HeldBytes
from serving.inference.batching import Batching
from serving.inference.call import Answered, Call
from serving.inference.exchange import Exchange
from serving.inference.failures import Failure, failure_of
from serving.inference.hooks import Hooks, Predicted
from serving.inference.job import Job
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from serving.inference.on_thread import run_on_thread
from serving.observation import logs
from serving.tables.rows import CELL_BYTES
from serving.v2.query import Query
from serving.v2.request import PLAIN
from tenure.bundle import Prediction

INLINE_ROWS = 64
"""Up to this many rows a prediction runs on the event loop, which it blocks for about 0.7 ms. With a thread for single
rows the throughput of 16 connections was the same and the 99th percentile of latency higher."""
INLINE_BYTES = 32 * 1024
"""Up to this size a body is read on the event loop, which it blocks for about 0.2 ms in JSON; a thread costs 0.1 ms."""

Sent = TypeVar("Sent")


class Answering:
    """Answers calls from the models, through the hooks."""

    def __init__(self, models: Models, hooks: Hooks) -> None:
        self._models = models
        self._admission = hooks.admission
        self.request_memory = hooks.request_memory
        """Counts the bytes of requests, which the ways in read."""
        self._cache = hooks.cache
        self._guarded = _unguarded if hooks.guard is None else hooks.guard.predict
        self._observers = tuple(hooks.observers)
        self._batching = Batching(self._run_batched)

    def admit(self, call: Call) -> Failure | None:
        """Admit a call before its body arrives; returns None, or the error answer of a refused call."""
        if self._admission is None:
            return None
        try:
            self._admission.admit(call)
        except Exception as error:  # every error becomes an answer
            return self.failed(call, error)
        return None

    def failed(self, call: Call, error: Exception) -> Failure:
        """The error answer of a call whose body could not be read. Observers are notified."""
        failure = _failure(call, error)
        self._note(Answered(call, failure.http, _took_s(call), 0.0, 0.0, None, None, None, False, "", failure.message))
        return failure

    def answer(self, call: Call, exchange: Exchange[Sent], done: Callable[[Sent], None]) -> None:
        """Answer an admitted call.

        Args:
            done: called once on the event loop with the answer, perhaps before this returns.
        """
        job = Job(call, exchange, done)
        try:
            if self._admission is not None:
                self._admission.enter(call)
                job.entered = True
            if exchange.size > INLINE_BYTES:
                self._answer_on_thread(job)
                return
            model, query = self._read(job)
            if query.tables is not None:
                self._answer_on_thread(job)
                return
            if self._cache is not None:
                known = self._cache.get(model, query)
                if known is not None:
                    job.from_cache = True
                    self._finish(job, model, query, known)
                    return
            self._predict(job, model, query)
        except Exception as error:  # every error becomes an answer
            self._fail(job, error)

    def answered(self, call: Call, exchange: Exchange[Sent]) -> Awaitable[Sent]:
        """As ``answer``, as an awaitable."""
        answer: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

        def done(sent: Sent) -> None:
            if not answer.done():  # the client has disconnected
                answer.set_result(sent)

        self.answer(call, exchange, done)
        return answer

    def _read(self, job: Job) -> tuple[ChurnModel, Query]:
        """Find the model and read the query; on the event loop or on a thread."""
        call, exchange = job.call, job.exchange
        exchange.name_model(call)
        job.model = model = self._models.find(call.model, call.version)
        query = exchange.read(model)
        if model.uses_today and query.tables is None:
            query = model.dated(query)
        job.query = query
        job.read_at = perf_counter()
        if self._admission is not None:
            self._admission.weigh(call, query)
        return model, query

    def _predict(self, job: Job, model: ChurnModel, query: Query) -> None:
        check_deadline(job.call)
        if query.rows == 1 and (query.options is PLAIN or query.options == PLAIN):
            self._batching.add(job, model, query)
        # Reasons take longest: half a millisecond a row for a large ensemble.
        elif query.rows <= INLINE_ROWS and not query.options.explain:
            prediction, job.fallback = self._predicted(model, query)
            self._finish(job, model, query, prediction)
        else:
            self._answer_on_thread(job)

    def _answer_on_thread(self, job: Job) -> None:
        held = job.call.held
        if held is not None:
            held = held.hand_over()
        else:
            held = self.request_memory.open()
            held.add(job.exchange.size)
        job.held = held
        # At the deadline the client is answered, while the work continues.
        run_on_thread(
            partial(self._work, job),
            job.call.deadline,
            late=partial(self._answer_late, job),
            done=partial(self._worked, job, held),
        )

    def _worked(self, job: Job, held: HeldBytes, outcome: tuple[Prediction, Any] | Exception) -> None:
        held.release()
        if job.answered_late:
            self._leave(job)
        elif isinstance(outcome, Exception):
            self._fail(job, outcome)
        else:
            prediction, sent = outcome
            self._end(job, 200, sent, prediction, "")

    def _work(self, job: Job) -> tuple[Prediction, Any]:
        """Read a request if it is not read, predict it and write its answer, on a thread.

        The cache is left out: it keeps small requests.
        """
        check_deadline(job.call)  # it may have passed while the request waited for the thread
        model, query = job.model, job.query
        if model is None or query is None:
            assert job.held is not None  # noqa: S101 set before the thread got the job
            job.held.add_parsed(job.exchange.expansion())
            model, query = self._read(job)
            check_deadline(job.call)
        if query.tables is not None:
            query = self._computed(job, model, query)
        prediction, job.fallback = self._predicted(model, query)
        job.predicted_at = perf_counter()
        return prediction, self._written(job, model, query, prediction)

    @staticmethod
    def _computed(job: Job, model: ChurnModel, query: Query) -> Query:
        """The query with the inputs that are computed from its tables; observers see it."""
        assert job.held is not None and query.tables is not None  # noqa: S101 set before the thread got the job
        job.held.add_parsed(CELL_BYTES * sum(rows.cells for rows in query.tables.values()))
        job.query = query = model.computed(query)
        check_deadline(job.call)
        return query

    def _run_batched(self, job: Job, model: ChurnModel, query: Query, work: Callable[[Query], Prediction]) -> None:
        """Predict a batched query; ``work`` predicts it together with others."""
        try:
            predicted = self._guarded(model, query, work)
        except Exception as error:  # every error becomes an answer
            self._fail(job, error)
            return
        job.fallback = predicted.fallback
        self._finish(job, model, query, predicted.prediction)

    def _answer_late(self, job: Job) -> None:
        job.answered_late = True
        self._fail(job, LateError())

    def _predicted(self, model: ChurnModel, query: Query) -> Predicted:
        """The model's prediction or a fallback; runs on the event loop or on a thread."""
        return self._guarded(model, query, model.predict_query)

    def _finish(self, job: Job, model: ChurnModel, query: Query, prediction: Prediction) -> None:
        job.predicted_at = perf_counter()
        try:
            if self._cache is not None and not job.from_cache and not job.fallback:
                self._cache.put(model, query, prediction)
            sent = self._written(job, model, query, prediction)
        except Exception as error:  # every error becomes an answer
            self._fail(job, error)
            return
        self._end(job, 200, sent, prediction, "")

    @staticmethod
    def _written(job: Job, model: ChurnModel, query: Query, prediction: Prediction) -> Any:
        return job.exchange.write(model, query, prediction, query.id or job.call.request_id, job.fallback)

    def _fail(self, job: Job, error: Exception) -> None:
        failure = _failure(job.call, error)
        self._end(job, failure.http, job.exchange.fail(failure), None, failure.message)

    def _end(self, job: Job, code: int, sent: Any, prediction: Prediction | None, message: str) -> None:
        if not job.answered_late:  # the work of a call answered at its deadline counts until it ends
            self._leave(job)
        try:
            job.done(sent)
        except Exception as error:  # it was answered: another try would answer and count it twice
            logs.server.error("an answer could not be sent", exc_info=error)
        job.code, job.prediction, job.message = code, prediction, message
        job.took_s = _took_s(job.call)
        self._note(job)

    def _leave(self, job: Job) -> None:
        if job.entered and self._admission is not None:
            self._admission.leave(job.call)

    def _note(self, answered: Answered) -> None:
        for observer in self._observers:
            try:
                observer.note(answered)
            except Exception as error:  # an observer's error is not the client's
                logs.server.error("an observer failed", exc_info=error)


def _failure(call: Call, error: Exception) -> Failure:
    token = logs.request_id.set(call.request_id)
    try:
        return failure_of(error)
    finally:
        logs.request_id.reset(token)


def _unguarded(_: ChurnModel, query: Query, work: Callable[[Query], Prediction]) -> Predicted:
    return Predicted(work(query))


def _took_s(call: Call) -> float:
    return perf_counter() - call.started
