"""Where other parts join the path of an inference request. Absent ones cost nothing.

    admit ─ (the body arrives) ─ enter ─ find the model ─ read ─ weigh ─ cache.get ─ guard.predict ─ cache.put ─ write
    ─ leave ─ observers

Everything is called on the event loop and must not wait for anything; ``Guard.predict`` runs on a thread where the
request is a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from serving.admission.body_memory import BodyMemory
from serving.inference.call import Answered, Call

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import AnyPrediction


class Admission(Protocol):
    """Who may ask, how often, and how many at a time."""

    def admit(self, call: Call) -> None:
        """When the headers are there, before the body is: keys, tokens, rates. May set ``call.deadline``.

        Raises:
            RefusedError: the request is not taken.
        """

    def enter(self, call: Call) -> None:
        """When the body is there and work begins: requests in flight.

        Raises:
            RefusedError: the request is not taken; ``leave`` is not called for it.
        """

    def weigh(self, call: Call, query: Query) -> None:
        """When it is known what is asked for: rows.

        Raises:
            TooLargeError: it is too much for one request.
        """

    def leave(self, call: Call) -> None:
        """Once for every call that entered, when the work for it is over."""


class Cache(Protocol):
    """Predictions that were made before."""

    def get(self, model: ChurnModel, query: Query) -> AnyPrediction | None:
        """What this version of the model answered to the same rows and options."""

    def put(self, model: ChurnModel, query: Query, prediction: AnyPrediction) -> None:
        """Keep what the model itself predicted; never a fallback."""


COMPANION, BASE_RATE, REASONS = "companion", "base_rate", "reasons"
"""What a fallback is: all rows, or those whose score was none, are answered by the bundle's linear companion, or by
the base rate (of a regression the mean); or the model's answer lacks the reasons that were asked for."""


class Predicted(NamedTuple):
    """A prediction, and whose it is."""

    prediction: AnyPrediction
    fallback: str = ""
    """Which of the three it is, for answer and metrics; empty if it is what the model as a whole says."""


class Guard(Protocol):
    """What happens when a part fails: fallbacks and circuit breakers."""

    def predict(self, model: ChurnModel, query: Query, work: Callable[[Query], AnyPrediction]) -> Predicted:
        """``work(query)``, or what takes its place; ``work`` may be asked for less, or not at all.

        Raises:
            RequestError: the client's mistake, as ``work`` raised it.
            Exception: what ``work`` raised, where nothing takes its place.
        """


class Observer(Protocol):
    """Told of every request that was answered: metrics, logs, traces."""

    def note(self, answered: Answered) -> None:
        """After the answer is on its way."""


@dataclass(frozen=True)
class Hooks:
    """All that joins the path."""

    admission: Admission | None = None
    body_memory: BodyMemory = field(default_factory=BodyMemory)
    cache: Cache | None = None
    guard: Guard | None = None
    observers: Sequence[Observer] = ()
    closing: Sequence[Callable[[float], None]] = ()
    """Called with a number of seconds when the last request is answered: what is still to be written or sent."""
