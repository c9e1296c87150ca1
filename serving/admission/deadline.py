"""Deadlines of requests."""

from __future__ import annotations

import math
from time import perf_counter

from serving.admission.refusal import LateError
from serving.inference.call import Call
from serving.v2.errors import RequestError, quote

TIMEOUT_HEADERS = frozenset((b"x-request-timeout-ms", b"x-envoy-expected-rq-timeout-ms"))
"""Set by a client, and by an Envoy gateway, in milliseconds. gRPC has its own deadlines."""


def set_deadline(call: Call, limit_s: float) -> None:
    """Set ``call.deadline`` to the earliest of the server's limit, the headers' limits and the deadline set so far.

    Args:
        limit_s: the server's limit, in seconds from the call's start.

    Raises:
        RequestError: a header is not a positive number.
    """
    allowed_s = limit_s
    for name, value in call.headers:
        if name in TIMEOUT_HEADERS:
            allowed_s = min(allowed_s, _seconds(value.decode("latin-1")))
    deadline = call.started + allowed_s
    call.deadline = deadline if call.deadline is None else min(deadline, call.deadline)


def check_deadline(call: Call) -> None:
    """Check that the client still waits.

    Raises:
        LateError: the deadline has passed.
    """
    if call.deadline is not None and perf_counter() > call.deadline:
        raise LateError()


def _seconds(text: str) -> float:
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = math.nan
    if not (math.isfinite(milliseconds) and milliseconds > 0.0):
        raise RequestError(f"the timeout {quote(text)} is not a number of milliseconds")
    return milliseconds / 1000.0
