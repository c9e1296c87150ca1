"""Admits inference requests by client, rate, load and deadline.

Health, readiness and metrics are not subject to it: probes and scrapers have no keys.
"""

from __future__ import annotations

from serving.admission.clients import Clients
from serving.admission.deadline import set_deadline
from serving.admission.refusal import OverloadedError
from serving.inference.call import Call
from serving.observation.metrics import IN_FLIGHT
from serving.v2.errors import TooLargeError
from serving.v2.query import Query


class Gate:
    """The admission of a worker; see ``serving.inference.hooks.Admission``.

    Args:
        clients: the clients admitted; None admits everybody.
        max_in_flight: requests that one process may have open. A request that waits for a thread counts, so this
            bounds the queue.
        max_rows: rows of one request. Work on a thread cannot be interrupted; this bounds it.
        max_s: seconds that a request may take from the arrival of its headers.
    """

    def __init__(self, clients: Clients | None, max_in_flight: int, max_rows: int, max_s: float) -> None:
        self._clients = clients
        self._max_in_flight = max_in_flight
        self._max_rows = max_rows
        self._max_s = max_s
        self.in_flight = 0
        self._gauge = IN_FLIGHT.labels()

    def admit(self, call: Call) -> None:
        """Admit a call before its body arrives.

        Raises:
            RefusedError: the request is refused.
            RequestError: its time-out is not a number.
        """
        if self._clients is not None:
            self._clients.admit(call.header(b"authorization"), call.header(b"x-api-key"))
        # Checked here too, so that no body is sent to a server at its limit.
        if self.in_flight >= self._max_in_flight:
            raise self._busy()
        set_deadline(call, self._max_s)

    def enter(self, _: Call) -> None:
        """Count a call whose work begins.

        Raises:
            OverloadedError: the process is at its limit.
        """
        if self.in_flight >= self._max_in_flight:
            raise self._busy()
        self.in_flight += 1
        self._gauge.set(self.in_flight)

    def weigh(self, _: Call, query: Query) -> None:
        """Check the number of rows.

        Raises:
            TooLargeError: it is above the limit.
        """
        if query.rows > self._max_rows:
            raise TooLargeError(f"the request has {query.rows} rows, at most {self._max_rows} are answered at once")

    def leave(self, _: Call) -> None:
        """Stop counting a call whose work is over."""
        self.in_flight -= 1
        self._gauge.set(self.in_flight)

    def _busy(self) -> OverloadedError:
        return OverloadedError(f"the server is busy with {self.in_flight} requests")
