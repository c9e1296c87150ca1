"""Middleware: a request's id, its line in the log, and the answer to an unexpected error."""

from __future__ import annotations

import time

from serving.http.answer import HttpAnswer
from serving.http.asgi import App, Message, Receive, Send, send_answer
from serving.inference.failures import failure_of
from serving.observation import logs

OBSERVED = "tenure.observed"
"""Key of an ASGI scope whose request the observers of inference log."""

_PROBES = ("/metrics", "/v2/health/", "/ready", "/live")


class RequestLog:
    """Gives every request an id, an answer to unexpected errors, and a line in the log."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = logs.take_or_make_id(given.decode("latin-1"))
        token = logs.request_id.set(request_id)
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # a bug: log its trace, and answer 500
            if status is None:
                await send_answer(HttpAnswer.failed(failure_of(error)), send_with_id)
        finally:
            path = scope["path"]
            if OBSERVED not in scope:
                write = logs.access.debug if path.startswith(_PROBES) or path.endswith("/ready") else logs.access.info
                took_ms = round((time.perf_counter() - started) * 1000, 3)
                fields = {"method": scope["method"], "path": path, "status": status, "took_ms": took_ms}
                write("request", extra={"fields": fields})
            logs.request_id.reset(token)
