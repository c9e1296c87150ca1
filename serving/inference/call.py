"""One inference request: what is known when it arrives, and what is known when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import AnyPrediction

Headers = Sequence[tuple[bytes, bytes]]
"""HTTP headers or gRPC metadata, names in lower case."""


class Call:
    """A request for an inference, before its body is read."""

    __slots__ = ("deadline", "headers", "method", "model", "path", "peer", "request_id", "started", "version")

    def __init__(  # noqa: PLR0917 one is made for every request: keywords cost
        self,
        method: str,
        path: str,
        model: str,
        version: str | None,
        headers: Headers,
        request_id: str,
        peer: str = "",
    ) -> None:
        self.method = method
        """``POST`` or ``gRPC``."""
        self.path = path
        self.model = model
        """Name as the client wrote it: perhaps of no model."""
        self.version = version
        self.headers = headers
        self.request_id = request_id
        self.peer = peer
        """The client's address; empty where it is not known."""
        self.started = perf_counter()
        self.deadline: float | None = None
        """By ``perf_counter``: past it nobody waits for the answer. Set by the admission."""

    def header(self, name: bytes) -> str | None:
        """The first value of a header; ``name`` in lower case."""
        for found, value in self.headers:
            if found == name:
                return value.decode("latin-1")
        return None


@dataclass(slots=True, eq=False)
class Answered:
    """An inference request that was answered; what observers are told."""

    call: Call
    code: int
    """HTTP status, or the one that the gRPC status stands for."""
    took_s: float
    read_at: float
    """By ``perf_counter``, when the request was read and its model found; 0.0 if it did not come so far."""
    predicted_at: float
    """When the prediction was there; likewise."""
    model: ChurnModel | None
    """None if there is no such model, or if the request was refused before it was looked for."""
    query: Query | None
    """None if the request could not be read."""
    prediction: AnyPrediction | None
    """None if the code is not 200."""
    from_cache: bool
    fallback: str
    """What answered in the model's place, see ``serving.inference.hooks``; empty if the model did."""
    message: str
    """What went wrong, as the client was told; empty if the code is 200."""
