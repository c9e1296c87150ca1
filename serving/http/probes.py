"""V2's health endpoints and the metrics, which probes and scrapers ask for.

They are answered before KServe's application, whose build takes most of a second: a probe does not wait for it, and a
server that is asked for predictions, health and metrics only never builds it.
"""

from __future__ import annotations

import re

import orjson
from grpc import StatusCode

from serving.http.answer import JSON_HEADERS, HttpAnswer
from serving.http.asgi import App, Message, Receive, Send, allow_header, send_answer
from serving.inference.dataplane import DataPlane
from serving.inference.failures import RefusedError, failure_of
from serving.observation import metrics

_METHODS = ["GET", "HEAD", "OPTIONS"]
_LIVE, _READY, _METRICS = "/v2/health/live", "/v2/health/ready", "/metrics"
_MODEL_READY = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?/ready")


class Probes:
    """Middleware that answers health and metrics.

    Args:
        app: answers every other request.
        dataplane: knows the models and whether the server drains.
    """

    def __init__(self, app: App, dataplane: DataPlane) -> None:
        self._app = app
        self._dataplane = dataplane

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path: str = scope["path"].removesuffix("/")  # as the application's paths, see ``serving.http.methods``
        of_model = _MODEL_READY.fullmatch(path)
        if of_model is None and path not in (_LIVE, _READY, _METRICS):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method not in _METHODS:
            content = orjson.dumps({"error": "Method Not Allowed"})
            answer = HttpAnswer(405, [*JSON_HEADERS, allow_header(_METHODS)], content)
        elif method == "OPTIONS":
            answer = HttpAnswer(204, [allow_header(_METHODS)], b"")
        elif path == _METRICS:
            accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            content, content_type = metrics.exposition(accept.decode("latin-1"))
            answer = HttpAnswer(200, [(b"content-type", content_type.encode())], content)
        else:
            try:
                state = await self._state(path, of_model)
            except Exception as error:  # every error becomes a status
                answer = HttpAnswer.failed(failure_of(error))
            else:
                answer = HttpAnswer(200, JSON_HEADERS, orjson.dumps(state))
        await send_answer(answer, send)

    async def _state(self, path: str, of_model: re.Match[str] | None) -> dict[str, object]:
        """The answer to a health request.

        Raises:
            UnknownModelError: no model has this name and version.
            RefusedError: the server drains.
        """
        if path == _LIVE:
            return {"live": True}
        if of_model is None:
            if not await self._dataplane.ready():
                raise RefusedError("the server is stopping", 503, StatusCode.UNAVAILABLE)
            return {"ready": True}
        name, version = of_model.groups()
        self._dataplane.model_registry.find(name, version)
        if not await self._dataplane.model_ready(name):
            raise RefusedError(f"model {name} is not ready: the server is stopping", 503, StatusCode.UNAVAILABLE)
        return {"name": name, "ready": True}
