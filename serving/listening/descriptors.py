"""File descriptors: when they run out, connections are refused, and the log and a metric say so.

A process without descriptors cannot accept a connection, nor open a file to reload a bundle or write the prediction
log. The system gives out the lowest free number, so the number of a new connection tells how many are left.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
import time

from serving.observation import logs
from serving.observation.metrics import CONNECTIONS_REFUSED

_RESERVE = 8
"""Descriptors that connections leave to files and threads."""
_LOG_EVERY_S = 10.0
_logged_at_s = [-_LOG_EVERY_S]


def scarce(transport: asyncio.BaseTransport) -> bool:
    """Whether a new connection would take one of the last descriptors; it is counted and logged then."""
    number = transport.get_extra_info("socket").fileno()
    if number < _limit() - _RESERVE:
        return False
    _note()
    return True


def check() -> None:
    """Log and count it if no descriptor is left; called periodically, since the event loop does not tell."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        _note()


def is_readable(transport: asyncio.BaseTransport) -> bool:
    """Whether bytes, or the end of the stream, wait in the connection's socket."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _limit() -> float:
    if sys.platform == "win32":
        return float("inf")
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return float("inf") if soft == resource.RLIM_INFINITY else soft


def _note() -> None:
    CONNECTIONS_REFUSED.labels("descriptors").inc()
    now = time.monotonic()
    if now - _logged_at_s[0] >= _LOG_EVERY_S:
        _logged_at_s[0] = now
        logs.server.error(
            "file descriptors run out: connections are refused; raise the limit (ulimit -n) or lower --max-connections",
            extra={"fields": {"limit": _limit()}},
        )
