"""The state of one call on its way through the hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from serving.inference.call import Answered, Call
from serving.inference.exchange import Exchange

if TYPE_CHECKING:
    from serving.admission.request_memory import HeldBytes


class Job(Answered):
    """A call that is being answered. Observers get it when it is: one object is made for each call."""

    __slots__ = ("answered_late", "done", "entered", "exchange", "held")

    def __init__(self, call: Call, exchange: Exchange[Any], done: Callable[[Any], None]) -> None:
        self.call = call
        self.exchange = exchange
        self.done = done
        self.entered = False
        """The admission counts it as open."""
        self.held: HeldBytes | None = None
        """Counts the request's memory while a thread works on it, perhaps for longer than the client waits."""
        self.answered_late = False
        """It was answered at its deadline, while a thread still works on it."""
        self.model = None
        self.query = None
        self.prediction = None
        self.from_cache = False
        self.fallback = ""
        self.read_at = 0.0
        self.predicted_at = 0.0
