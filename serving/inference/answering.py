"""The one path of every inference request, whichever way it came.

A way in (the fast HTTP route, KServe's REST route, gRPC) makes a ``Call`` and an ``Exchange`` and is called back with
what to send. Nothing on the path is a coroutine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, TypeVar

from serving.admission.refusal import LateError, OverloadedError
from serving.inference.batching import Batching
from serving.inference.call import Answered, Call
from serving.inference.exchange import Exchange
from serving.inference.failures import Failure, failure_of
from serving.inference.hooks import Hooks, Predicted
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from serving.observation import logs
from serving.v2.query import Query
from serving.v2.request import Options
from tenure.bundle import AnyPrediction

INLINE_ROWS = 64
"""Up to here a prediction runs on the event loop, which it holds for about 0.7 ms. A thread for each single row left
the throughput of 16 connections as it was and made the slowest hundredth of requests slower."""

_PLAIN = Options()

Sent = TypeVar("Sent")


class _Job:
    """How far a call has come."""

    __slots__ = (
        "call",
        "done",
        "entered",
        "exchange",
        "fallback",
        "from_cache",
        "given_up",
        "model",
        "predicted_at",
        "query",
        "read_at",
    )

    def __init__(self, call: Call, exchange: Exchange[Any], done: Callable[[Any], None]) -> None:
        self.call = call
        self.exchange = exchange
        self.done = done
        self.model: ChurnModel | None = None
        self.query: Query | None = None
        self.entered = False
        self.from_cache = False
        self.given_up = False
        """It was answered at its deadline, while a thread works on it."""
        self.fallback = ""
        self.read_at = 0.0
        self.predicted_at = 0.0


class Answering:
    """Answers calls from the models, with whatever hooks there are."""

    def __init__(self, models: Models, hooks: Hooks) -> None:
        self._models = models
        self._admission = hooks.admission
        self.body_memory = hooks.body_memory
        """Counts bytes of bodies, which the ways in read."""
        self._cache = hooks.cache
        self._guard = hooks.guard
        self._observers = tuple(hooks.observers)
        self._batching = Batching()

    def admit(self, call: Call) -> Failure | None:
        """Whether a call may send its body: why not, if not. A refusal is the end of the call."""
        if self._admission is None:
            return None
        try:
            self._admission.admit(call)
        except Exception as error:  # every error becomes an answer
            return self.failed(call, error)
        return None

    def failed(self, call: Call, error: Exception) -> Failure:
        """A call that ends before its body could be read: what to tell the client. Observers are told."""
        failure = _failure(call, error)
        self._note(Answered(call, failure.http, _took_s(call), 0.0, 0.0, None, None, None, False, "", failure.message))
        return failure

    def answer(self, call: Call, exchange: Exchange[Sent], done: Callable[[Sent], None]) -> None:
        """Answer a call that was admitted.

        Args:
            done: called once on the event loop with what to send, perhaps before this returns.
        """
        job = _Job(call, exchange, done)
        try:
            if self._admission is not None:
                self._admission.enter(call)
                job.entered = True
            job.model = model = self._models.find(call.model, call.version)
            job.query = query = exchange.read(model)
            job.read_at = perf_counter()
            if self._admission is not None:
                self._admission.weigh(call, query)
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
        """As ``answer``, for coroutines."""
        answer: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

        def done(sent: Sent) -> None:
            if not answer.done():  # the client is gone
                answer.set_result(sent)

        self.answer(call, exchange, done)
        return answer

    def _predict(self, job: _Job, model: ChurnModel, query: Query) -> None:
        _check_deadline(job.call)
        if query.rows == 1 and query.options == _PLAIN:
            self._batching.add(model, query, lambda work: self._go_on_with(job, model, query, work))
            return
        # Reasons take longer than the rest: half a millisecond a row for a large ensemble.
        if query.rows <= INLINE_ROWS and not query.options.explain:
            prediction, job.fallback = self._predicted(model, query)
            self._finish(job, model, query, prediction)
            return

        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(None, self._predicted_in_time, job.call, model, query)
        # The work goes on past the deadline, since nothing can interrupt it; its client need not wait for the end.
        late = None
        if job.call.deadline is not None:
            late = loop.call_later(job.call.deadline - perf_counter(), self._give_up, job)

        def go_on(finished: asyncio.Future[Predicted]) -> None:
            if late is not None:
                late.cancel()
            error = None if finished.cancelled() else finished.exception()
            if job.given_up:
                self._leave(job)
            elif isinstance(error, Exception):
                self._fail(job, error)
            elif finished.cancelled() or error is not None:
                self._fail(job, OverloadedError("the server is stopping", 1.0))
            else:
                prediction, job.fallback = finished.result()
                self._finish(job, model, query, prediction)

        working.add_done_callback(go_on)

    def _go_on_with(self, job: _Job, model: ChurnModel, query: Query, work: Callable[[Query], AnyPrediction]) -> None:
        """Its turn has come; ``work`` predicts it beside others."""
        try:
            prediction, job.fallback = self._guarded(model, query, work)
        except Exception as error:  # every error becomes an answer
            self._fail(job, error)
            return
        self._finish(job, model, query, prediction)

    def _give_up(self, job: _Job) -> None:
        job.given_up = True
        self._fail(job, LateError())

    def _predicted_in_time(self, call: Call, model: ChurnModel, query: Query) -> Predicted:
        """On a thread, for which the request may have waited long."""
        _check_deadline(call)
        return self._predicted(model, query)

    def _predicted(self, model: ChurnModel, query: Query) -> Predicted:
        """The model's prediction, or what takes its place; on the event loop or on a thread."""
        return self._guarded(model, query, model.predict_query)

    def _guarded(self, model: ChurnModel, query: Query, work: Callable[[Query], AnyPrediction]) -> Predicted:
        return Predicted(work(query)) if self._guard is None else self._guard.predict(model, query, work)

    def _finish(self, job: _Job, model: ChurnModel, query: Query, prediction: AnyPrediction) -> None:
        job.predicted_at = perf_counter()
        try:
            if self._cache is not None and not job.from_cache and not job.fallback:
                self._cache.put(model, query, prediction)
            sent = job.exchange.write(model, query, prediction, query.id or job.call.request_id, job.fallback)
        except Exception as error:  # every error becomes an answer
            self._fail(job, error)
            return
        self._end(job, 200, sent, prediction, "")

    def _fail(self, job: _Job, error: Exception) -> None:
        failure = _failure(job.call, error)
        self._end(job, failure.http, job.exchange.fail(failure), None, failure.message)

    def _end(self, job: _Job, code: int, sent: Any, prediction: AnyPrediction | None, message: str) -> None:
        if not job.given_up:  # its work goes on, and counts until it is over
            self._leave(job)
        try:
            job.done(sent)
        except Exception as error:  # it was answered: another try would answer and count it twice
            logs.server.error("an answer could not be sent", exc_info=error)
        took_s = _took_s(job.call)
        self._note(
            Answered(
                job.call,
                code,
                took_s,
                job.read_at,
                job.predicted_at,
                job.model,
                job.query,
                prediction,
                job.from_cache,
                job.fallback,
                message,
            )
        )

    def _leave(self, job: _Job) -> None:
        if job.entered and self._admission is not None:
            self._admission.leave(job.call)

    def _note(self, answered: Answered) -> None:
        for observer in self._observers:
            try:
                observer.note(answered)
            except Exception as error:  # an observer's fault is no client's
                logs.server.error("an observer failed", exc_info=error)


def _failure(call: Call, error: Exception) -> Failure:
    token = logs.request_id.set(call.request_id)
    try:
        return failure_of(error)
    finally:
        logs.request_id.reset(token)


def _took_s(call: Call) -> float:
    return perf_counter() - call.started


def _check_deadline(call: Call) -> None:
    if call.deadline is not None and perf_counter() > call.deadline:
        raise LateError()
