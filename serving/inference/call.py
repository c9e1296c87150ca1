"""An inference request when it arrives, and when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.admission.request_memory import HeldBytes
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import Prediction

Headers = Sequence[tuple[bytes, bytes]]
"""HTTP headers or gRPC metadata, names in lower case."""


class Call:
    """An inference request before its body is read."""

    __slots__ = ("deadline", "headers", "held", "method", "model", "path", "peer", "request_id", "started", "version")

    def __init__(  # noqa: PLR0917 made for every request: keyword arguments cost time
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
        """The name in the request; there may be no such model."""
        self.version = version
        self.headers = headers
        self.request_id = request_id
        self.peer = peer
        """The client's address; empty if unknown."""
        self.started = perf_counter()
        self.deadline: float | None = None
        """By ``perf_counter``: when the client stops waiting for the answer. Set by the admission."""
        self.held: HeldBytes | None = None
        """Counts the body's memory; None if the way in does not count it."""

    def header(self, name: bytes) -> str | None:
        """The first value of a header; ``name`` in lower case."""
        for found, value in self.headers:
            if found == name:
                return value.decode("latin-1")
        return None


@dataclass(slots=True, eq=False)
class Answered:
    """An answered inference request, as observers get it. They must not keep it: a thread may still work on it."""

    call: Call
    code: int
    """HTTP status, or the equivalent of the gRPC status."""
    took_s: float
    read_at: float
    """By ``perf_counter``, when the request was read and its model found; 0.0 if that failed."""
    predicted_at: float
    """By ``perf_counter``, when the prediction was made; 0.0 if that failed."""
    model: ChurnModel | None
    """None if there is no such model, or if the request was refused before."""
    query: Query | None
    """None if the request could not be read."""
    prediction: Prediction | None
    """None if the code is not 200."""
    from_cache: bool
    fallback: str
    """Which fallback answered, see ``serving.inference.hooks``; empty if the model did."""
    message: str
    """The error message of the answer; empty if the code is 200."""
