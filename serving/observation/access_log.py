"""A line in the log for every inference request.

The lines of one turn of the event loop are written together: a ``logging`` record and a write for each would cost as
much time as the model.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import orjson

from serving.inference.call import Answered
from serving.observation import logs

_LINE = (
    b'{"time":"%b.%03dZ","level":"info","logger":"tenure.access","message":"request","request_id":%b,"method":"%b",'
    b'"path":%b,"status":%d,"took_ms":%.3f}\n'
)
"""A line in the form of ``logs.JsonFormatter``; a template takes half the time of a dictionary."""


class AccessLog:
    """Logs path, status and duration of every inference request."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._second = 0
        self._stamp = b""

    def note(self, answered: Answered) -> None:
        if not logs.access.isEnabledFor(logging.INFO):
            return
        call, now = answered.call, time.time()
        second = int(now)
        if second != self._second:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second, self._stamp = second, stamp.encode()
        line = _LINE % (
            self._stamp,
            (now - second) * 1000,
            orjson.dumps(call.request_id),
            call.method.encode(),
            orjson.dumps(call.path),
            answered.code,
            answered.took_s * 1000,
        )
        self._lines.append(line)
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        lines = b"".join(self._lines)
        self._lines.clear()
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()
