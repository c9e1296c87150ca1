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
    """Logs path, status and duration of every inference request, in the form of ``logs.JsonFormatter``."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._second = 0
        self._stamp = ""
        self._path: str | None = None
        self._asked = ""
        """The part of a line that tells the method and the path of the last request."""

    def note(self, answered: Answered) -> None:
        if not logs.access.isEnabledFor(logging.INFO):
            return
        call, now = answered.call, time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        if call.path is not self._path:
            self._path = call.path
            self._asked = f'"method":"{call.method}","path":{orjson.dumps(call.path).decode()}'
        lines = self._lines
        if not lines:
            asyncio.get_running_loop().call_soon(self._flush)
        # A template takes half the time of a dictionary.
        lines.append(
            f'{{"time":"{self._stamp}.{int((now - second) * 1000):03d}Z","level":"info","logger":"tenure.access",'
            f'"message":"request","request_id":{orjson.dumps(call.request_id).decode()},{self._asked},'
            f'"status":{answered.code},"took_ms":{answered.took_s * 1000:.3f}}}\n'
        )

    def _flush(self) -> None:
        lines = "".join(self._lines).encode()
        self._lines.clear()
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()
