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


class AccessLog:
    """Logs path, status and duration of every inference request."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._second = 0
        self._stamp = ""

    def note(self, answered: Answered) -> None:
        if not logs.access.isEnabledFor(logging.INFO):
            return
        call, now = answered.call, time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        line = {
            "time": f"{self._stamp}.{int((now - second) * 1000):03d}Z",
            "level": "info",
            "logger": logs.access.name,
            "message": "request",
            "request_id": call.request_id,
            "method": call.method,
            "path": call.path,
            "status": answered.code,
            "took_ms": round(answered.took_s * 1000, 3),
        }
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        lines = b"".join(self._lines)
        self._lines.clear()
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()
