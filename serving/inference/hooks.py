"""The hooks on the path of an inference request. A hook that is None costs nothing.

    admit ─ (the body arrives) ─ enter ─ find the model ─ read ─ weigh ─ cache.get ─ guard.predict ─ cache.put ─ write
    ─ leave ─ observers

Hooks are called on the event loop and must not block; ``Guard.predict`` runs on a thread for a large request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from serving.admission.request_memory import RequestMemory
from serving.inference.call import Answered, Call

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import Prediction


class Admission(Protocol):
    """Admits or refuses calls, and counts the open ones."""

    def admit(self, call: Call) -> None:
        """Called when the headers have arrived: checks keys, tokens and rates. May set ``call.deadline``.

        Raises:
            RefusedError: the request is refused.
        """

    def enter(self, call: Call) -> None:
        """Called when the body has arrived: counts requests in flight.

        Raises:
            RefusedError: the request is refused; ``leave`` is not called for it.
        """

    def weigh(self, call: Call, query: Query) -> None:
        """Called when the request is read: checks its number of rows.

        Raises:
            TooLargeError: the request has too many rows.
        """

    def leave(self, call: Call) -> None:
        """Called once for every call that entered, when its work is over."""


class Cache(Protocol):
    """Keeps predictions to answer equal requests."""

    def get(self, model: ChurnModel, query: Query) -> Prediction | None:
        """This version's prediction for the same rows and options, if it is kept."""

    def put(self, model: ChurnModel, query: Query, prediction: Prediction) -> None:
        """Keep a prediction of the model; fallbacks are not kept."""


COMPANION, BASE_RATE, REASONS = "companion", "base_rate", "reasons"
"""Kinds of fallback. ``companion`` and ``base_rate``: all rows, or those with an invalid score, are answered by the
bundle's linear companion, or by the base rate (the mean of a regression). ``reasons``: only the reasons are missing."""


class Predicted(NamedTuple):
    """A prediction of the model or a fallback."""

    prediction: Prediction
    fallback: str = ""
    """The kind of fallback, for the answer and metrics; empty if the model answered completely."""


class Guard(Protocol):
    """Handles failures of the model by fallbacks and circuit breakers."""

    def predict(self, model: ChurnModel, query: Query, work: Callable[[Query], Prediction]) -> Predicted:
        """``work(query)`` or a fallback; ``work`` may be called without reasons, or not at all.

        Raises:
            RequestError: the request is invalid, as ``work`` raised it.
            Exception: what ``work`` raised, if there is no fallback.
        """


class Observer(Protocol):
    """Called with every answered request: metrics, logs, traces."""

    def note(self, answered: Answered) -> None:
        """Called after the answer is sent."""


@dataclass(frozen=True)
class Hooks:
    """All hooks of a worker."""

    admission: Admission | None = None
    request_memory: RequestMemory = field(default_factory=RequestMemory)
    cache: Cache | None = None
    guard: Guard | None = None
    observers: Sequence[Observer] = ()
    closing: Sequence[Callable[[float], None]] = ()
    """Called when the last request is answered, with the seconds left to write or send what is buffered."""
