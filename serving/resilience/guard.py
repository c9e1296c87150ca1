"""Answers by a fallback when a model fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from serving.inference.failures import RefusedError
from serving.inference.hooks import REASONS, Predicted
from serving.observation import logs
from serving.resilience.breaker import Breaker
from serving.resilience.fallback import fallback_prediction
from serving.v2.errors import RequestError
from serving.v2.query import Query
from tenure.bundle import Prediction
from tenure.explanation import Reason

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel

_TRACE_EVERY_S = 10.0
"""The trace of a repeated failure is logged this often."""

Work = Callable[[Query], Prediction]


class MakeBreaker(Protocol):
    """Makes the breaker around a part of a model."""

    def __call__(self, model: ChurnModel, part: str) -> Breaker: ...


class _Parts(NamedTuple):
    model: Breaker
    reasons: Breaker


class Guard:
    """Answers by the bundle's fallback where its model fails, and without reasons where its explainer does.

    Every version of a model has its own breakers, so those of a reloaded bundle start closed. See
    ``serving.inference.hooks.Guard``.
    """

    def __init__(self, make_breaker: MakeBreaker, clock: Callable[[], float] = time.monotonic) -> None:
        self._make_breaker = make_breaker
        self._parts: WeakKeyDictionary[ChurnModel, _Parts] = WeakKeyDictionary()
        self._latest: tuple[ChurnModel | None, _Parts] = (None, _Parts(Breaker(), Breaker()))
        """Most servers have one model."""
        self._lock = threading.Lock()
        self._clock = clock
        self._next_trace = -float("inf")

    def predict(self, model: ChurnModel, query: Query, work: Work) -> Predicted:
        """``work(query)``, or a fallback.

        Raises:
            RequestError: the request is invalid, as ``work`` raised it.
        """
        latest, parts = self._latest
        if latest is not model:
            parts = self._parts.get(model) or self._make_parts(model)
            self._latest = model, parts
        if not parts.model.allows():
            return _fallback(model, query)
        if query.options.additions:
            work = partial(self._without_failing_additions, model, work)
        try:
            if query.options.explain:
                prediction, without_reasons = self._explained(model, parts.reasons, query, work)
            else:
                prediction, without_reasons = work(query), False
        except (RequestError, RefusedError):
            parts.model.undecided()
            raise
        except Exception as error:  # any failure of the model
            parts.model.failed()
            self._note("the model failed; the fallback answers", model, error)
            return _fallback(model, query)
        if not prediction.is_valid():
            parts.model.failed()
            self._note("the model's score is invalid; the fallback answers", model, None)
            fallback = _fallback(model, query)
            invalid = prediction.invalid_rows()
            return fallback._replace(prediction=prediction.replace_rows(invalid, fallback.prediction))
        parts.model.succeeded()
        if without_reasons:
            return Predicted(replace(prediction, reasons=_no_reasons(query)), REASONS)
        return Predicted(prediction)

    def _explained(self, model: ChurnModel, reasons: Breaker, query: Query, work: Work) -> tuple[Prediction, bool]:
        """A prediction, and whether it lacks the reasons that the query asks for."""
        plain = query._replace(options=replace(query.options, explain=0))
        if not reasons.allows():
            return work(plain), True
        try:
            prediction = work(query)
        except (RequestError, RefusedError):
            reasons.undecided()
            raise
        except Exception as error:
            # If it works without reasons, the explainer failed.
            prediction = work(plain)
            reasons.failed()
            self._note("the explainer failed; the answer has no reasons", model, error)
            return prediction, True
        reasons.succeeded()
        return prediction, False

    def _without_failing_additions(self, model: ChurnModel, work: Work, query: Query) -> Prediction:
        """A prediction, without the outputs of additions where they are what fails."""
        try:
            return work(query)
        except (RequestError, RefusedError):
            raise
        except Exception as error:
            prediction = work(query._replace(options=replace(query.options, additions=False)))
            self._note("an addition failed; the answer has missing values in its outputs", model, error)
            return prediction

    def _make_parts(self, model: ChurnModel) -> _Parts:
        with self._lock:
            found = self._parts.get(model)
            if found is None:
                found = _Parts(self._make_breaker(model, "model"), self._make_breaker(model, "reasons"))
                self._parts[model] = found
            return found

    def _note(self, message: str, model: ChurnModel, error: Exception | None) -> None:
        now = self._clock()
        if now >= self._next_trace:
            self._next_trace = now + _TRACE_EVERY_S
            fields = {"model": model.name, "version": model.bundle.version}
            logs.server.error(message, exc_info=error, extra={"fields": fields})


def _fallback(model: ChurnModel, query: Query) -> Predicted:
    prediction, kind = fallback_prediction(model.bundle, query)
    return Predicted(replace(prediction, reasons=_no_reasons(query)), kind)


def _no_reasons(query: Query) -> list[list[Reason]]:
    """An empty list for each row, if the query asks for reasons."""
    return [[] for _ in range(query.rows)] if query.options.explain else []
