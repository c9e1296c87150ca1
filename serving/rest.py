"""The REST side: KServe's application, with our own inference route, errors and log."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from kserve.protocol.rest.server import RESTServer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from serving import logs
from serving.dataplane import ChurnDataPlane, FixedRepository
from serving.failures import failure_of
from serving.metrics import count_request
from serving.v2 import rest as wire
from serving.v2.errors import RequestError, TooLargeError

MAX_BODY_BYTES = 32 * 1024 * 1024
"""About 50,000 telco rows in JSON: larger jobs are for batch scoring."""

_PROBES = ("/metrics", "/v2/health/", "/ready", "/live")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def application(dataplane: ChurnDataPlane, repository: FixedRepository) -> FastAPI:
    """KServe's application. Our routes are added first, so they are found first."""
    from kserve import model_server

    app: FastAPI = model_server.app
    routes = ModelRoutes(dataplane)
    versioned = "/v2/models/{model_name}/versions/{model_version}"
    for path in ("/v2/models/{model_name}", versioned):
        app.add_route(f"{path}/infer", routes.infer, methods=["POST"])
    # KServe answers these two with "not supported yet".
    app.add_route(versioned, routes.metadata, methods=["GET"])
    app.add_route(f"{versioned}/ready", routes.ready, methods=["GET"])
    RESTServer("kserve.model_server:app", dataplane, repository, http_port=0).create_application()
    app.add_middleware(RequestLog)
    # In the place of KServe's own handlers, which log a trace for every mistake of a client.
    for kind in (RequestError, *app.exception_handlers):
        if isinstance(kind, type) and kind is not Exception:
            app.add_exception_handler(kind, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


class ModelRoutes:
    """What is asked of one model: ``/v2/models/{name}[/versions/{version}]/…``."""

    def __init__(self, dataplane: ChurnDataPlane) -> None:
        self._dataplane = dataplane

    async def infer(self, request: Request) -> Response:
        """Answer one request; whatever happens, with a line that says why."""
        started = time.perf_counter()
        name = request.path_params["model_name"]
        try:
            model = self._dataplane.find(name, request.path_params.get("model_version"))
            body = await _body(request)
            asked, in_binary = wire.read_request(body, request.headers.get(wire.JSON_LENGTH_HEADER))
            outputs = await model.answer(asked)
            version, answer_id = model.bundle.version, asked.id or logs.request_id.get()
            content, json_length = wire.write_answer(name, version, answer_id, outputs, in_binary)
            response = _answer(content, json_length)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # every error becomes an answer
            response = _on_error(request, error)
        known = name if response.status_code != 404 else ""
        count_request(known, response.status_code, time.perf_counter() - started)
        return response

    async def metadata(self, request: Request) -> Response:
        """What a version takes and answers."""
        name = request.path_params["model_name"]
        self._dataplane.find(name, request.path_params["model_version"])
        return Response(orjson.dumps(await self._dataplane.model_metadata(name)), media_type="application/json")

    async def ready(self, request: Request) -> Response:
        """Whether a version answers."""
        name = request.path_params["model_name"]
        self._dataplane.find(name, request.path_params["model_version"])
        return Response(orjson.dumps({"name": name, "ready": True}), media_type="application/json")


class RequestLog:
    """Gives every request its id, an answer even if all else fails, and a line in the log."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
        except Exception as error:  # a bug: its trace is logged, its sender told
            if status is None:
                await _on_error(Request(scope), error)(scope, receive, send_with_id)
        finally:
            path = scope["path"]
            write = logs.access.debug if path.startswith(_PROBES) or path.endswith("/ready") else logs.access.info
            took_ms = round((time.perf_counter() - started) * 1000, 3)
            fields = {"method": scope["method"], "path": path, "status": status, "took_ms": took_ms}
            write("request", extra={"fields": fields})
            logs.request_id.reset(token)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise TooLargeError(f"the body has more than {MAX_BODY_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _answer(content: bytes, json_length: int | None) -> Response:
    if json_length is None:
        return Response(content, media_type="application/json")
    headers = {wire.JSON_LENGTH_HEADER: str(json_length)}
    return Response(content, headers=headers, media_type="application/octet-stream")


def _on_error(_: Request, error: Exception) -> Response:
    failure = failure_of(error)
    return _error(failure.http, failure.message)


def _on_invalid(_: Request, error: Exception) -> Response:
    details = error.errors() if isinstance(error, RequestValidationError) else []
    where = ".".join(map(str, details[0]["loc"])) if details else "request"
    return _error(400, f"{where}: {details[0]['msg'] if details else 'invalid'}")


def _on_http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, str(getattr(error, "detail", error)))


def _error(status: int, message: str) -> Response:
    return Response(orjson.dumps({"error": message}), status_code=status, media_type="application/json")
