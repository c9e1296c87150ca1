"""The state of one call on its way through the hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from serving.inference.call import Call
from serving.inference.exchange import Exchange

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query


class Job:
    """A call that is being answered."""

    __slots__ = (
        "answered_late",
        "call",
        "done",
        "entered",
        "exchange",
        "fallback",
        "from_cache",
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
        """The admission counts it as open."""
        self.from_cache = False
        self.answered_late = False
        """It was answered at its deadline, while a thread still works on it."""
        self.fallback = ""
        self.read_at = 0.0
        self.predicted_at = 0.0
