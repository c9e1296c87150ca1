"""Finds out at the server's start whether the prediction log can be written.

A wrong folder, bucket or credential would otherwise show hours later, as rows that are missing. A store that cannot be
reached is another matter: it may come back, rows wait for it, and servers must start while it is away.
"""

from __future__ import annotations

import os
import select
import signal
from typing import NoReturn

from serving.observation import logs
from serving.observation.prediction_log.sink import Sink
from tenure.errors import SourceError, TenureError

_WAIT_S = 15.0
_PASSING = (
    "HTTP status 5",
    "INTERNAL_FAILURE",
    "NETWORK_CONNECTION",
    "REQUEST_TIMEOUT",
    "SERVICE_UNAVAILABLE",
    "SLOW_DOWN",
    "THROTTLING",
)
"""Parts of pyarrow's messages about a store that is away or overloaded."""


def check_at_start(sink: Sink) -> None:
    """Check that a log can be written; logs a warning if its store cannot be reached now.

    Raises:
        StorageError, SourceError, DataError: it cannot be written.
    """
    if "://" not in sink.location or not hasattr(os, "fork"):
        sink.check()
        return
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _check_in_child(sink, writing)
    os.close(writing)
    message = f"no answer in {_WAIT_S:g} s"
    passing = True
    # The pipe becomes readable when the child writes to it or ends.
    if select.select([reading], [], [], _WAIT_S)[0]:
        message = os.read(reading, 4096).decode(errors="replace")
        passing = any(part in message for part in _PASSING)
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(reading)
    os.waitpid(pid, 0)
    if message and passing:
        logs.server.warning(f"prediction log: {message}; rows wait for it")
    elif message:
        raise SourceError(message)


def _check_in_child(sink: Sink, pipe: int) -> NoReturn:
    """Check in a process of its own: a store's client has threads, which the workers' processes would not have."""
    try:
        sink.check()
    except TenureError as error:
        os.write(pipe, str(error).encode()[:4096])
    finally:
        os._exit(0)
