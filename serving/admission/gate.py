"""The admission of every inference request: who asks, how often, how much at once, and how long it may take.

Health, readiness and metrics do not pass here: probes and scrapers have no keys.
"""

from __future__ import annotations

from serving.admission.clients import Clients
from serving.admission.deadline import set_deadline
from serving.admission.refusal import OverloadedError
from serving.inference.call import Call
from serving.observation.metrics import IN_FLIGHT
from serving.v2.errors import TooLargeError
from serving.v2.query import Query

_RETRY_AFTER_S = 1.0


class Gate:
    """Lets requests in. See ``serving.inference.hooks.Admission``.

    Args:
        clients: who may ask; None for everybody.
        max_in_flight: requests that one process may have begun and not answered. A request that waits for a thread
            counts too, so this bounds the queue.
        max_rows: of one request. Work on a thread cannot be interrupted; this bounds it.
        max_s: the longest that a request may take, counted from its headers.
    """

    def __init__(self, clients: Clients | None, max_in_flight: int, max_rows: int, max_s: float) -> None:
        self._clients = clients
        self._max_in_flight = max_in_flight
        self._max_rows = max_rows
        self._max_s = max_s
        self.in_flight = 0
        self._gauge = IN_FLIGHT.labels()

    def admit(self, call: Call) -> None:
        """Before the body.

        Raises:
            RefusedError: the request is not taken.
            RequestError: its timeout is no time.
        """
        if self._clients is not None:
            self._clients.admit(call.header(b"authorization"), call.header(b"x-api-key"))
        # Now already: a body need not be sent to a server that has no time for it.
        self._check_load()
        set_deadline(call, self._max_s)

    def enter(self, _: Call) -> None:
        """When work begins.

        Raises:
            OverloadedError: there is enough of it.
        """
        self._check_load()
        self.in_flight += 1
        self._gauge.set(self.in_flight)

    def weigh(self, _: Call, query: Query) -> None:
        """When the rows are known.

        Raises:
            TooLargeError: there are too many of them.
        """
        if query.rows > self._max_rows:
            raise TooLargeError(f"the request has {query.rows} rows, at most {self._max_rows} are answered at once")

    def leave(self, _: Call) -> None:
        """When the work is over."""
        self.in_flight -= 1
        self._gauge.set(self.in_flight)

    def _check_load(self) -> None:
        if self.in_flight >= self._max_in_flight:
            raise OverloadedError(f"the server is busy with {self.in_flight} requests", _RETRY_AFTER_S)
