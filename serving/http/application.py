"""The REST application: KServe's endpoints, with our own inference routes and errors."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import ORJSONResponse
from kserve.errors import ModelNotReady, ServerNotLive, ServerNotReady
from kserve.protocol.rest.v1_endpoints import register_v1_endpoints
from kserve.protocol.rest.v2_endpoints import register_v2_endpoints
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from serving.http import openapi
from serving.http.answer import HttpAnswer
from serving.http.asgi import allow_header
from serving.http.content import MAX_BODY_BYTES, ArrivingContent, too_large
from serving.http.decoding import coding_of, decoded
from serving.http.forwarded import address
from serving.http.methods import Methods, SoleRoute, allowed_methods
from serving.http.request_log import OBSERVED
from serving.inference.answering import Answering
from serving.inference.call import Call
from serving.inference.dataplane import DataPlane, FixedRepository
from serving.inference.exchange import Exchange
from serving.inference.failures import RefusedError, add_unavailable, failure_of
from serving.observation import logs
from serving.v1 import V1Exchange
from serving.v2 import rest as wire
from serving.v2.errors import RequestError
from serving.v2.exchange import V2Exchange

_NOT_READY = (ModelNotReady, ServerNotReady, ServerNotLive)
add_unavailable(*_NOT_READY)


def application(dataplane: DataPlane, repository: FixedRepository, answering: Answering) -> FastAPI:
    """KServe's V1 and V2 endpoints behind our own routes; the first route that matches answers."""
    # FastAPI's own pages describe KServe's routes, and load scripts from elsewhere.
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        default_response_class=ORJSONResponse,
        redirect_slashes=False,
    )
    routes = ModelRoutes(dataplane, answering)
    versioned = "/v2/models/{model_name}/versions/{model_version}"
    for path in ("/v2/models/{model_name}", versioned):
        app.add_route(f"{path}/infer", routes.infer, methods=["POST"])
    # KServe's route of a model's state would take the verb for a part of its name.
    for verb, answer in (("predict", routes.predict), ("explain", routes.explain)):
        app.router.routes.append(SoleRoute(f"/v1/models/{{model_name}}:{verb}", answer, methods=["POST"]))
    app.add_route("/openapi.json", routes.openapi, methods=["GET"])
    app.add_route("/docs", routes.docs, methods=["GET"])
    # KServe answers it with "not supported yet".
    app.add_route(versioned, routes.metadata, methods=["GET"])
    app.add_api_route("/", dataplane.live, methods=["GET"])
    register_v1_endpoints(app, dataplane, repository)
    register_v2_endpoints(app, dataplane, repository)
    app.add_middleware(Methods, routes=app.routes)
    for kind in (RequestError, *_NOT_READY):
        app.add_exception_handler(kind, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


class ModelRoutes:
    """Routes under ``/v1/models/{name}`` and ``/v2/models/{name}[/versions/{version}]``, and the documentation."""

    def __init__(self, dataplane: DataPlane, answering: Answering) -> None:
        self._dataplane = dataplane
        self._answering = answering

    async def infer(self, request: Request) -> Response:
        """Answer a V2 inference request."""
        json_length = request.headers.get(wire.JSON_LENGTH_HEADER)
        return await self._answer(request, lambda body: V2Exchange(body, json_length))

    async def predict(self, request: Request) -> Response:
        """Answer a V1 inference request."""
        return await self._answer(request, V1Exchange)

    async def explain(self, request: Request) -> Response:
        """Refuse V1's ``:explain``.

        Raises:
            RequestError: always.
        """
        self._dataplane.model_registry.find(request.path_params["model_name"])
        raise RequestError("this server answers V1's :predict only; its parameter 'explain' asks for reasons")

    async def _answer(self, request: Request, exchange: Callable[[bytes], Exchange[HttpAnswer]]) -> Response:
        scope, parameters = request.scope, request.path_params
        name, version = parameters["model_name"], parameters.get("model_version")
        peer = request.client.host if request.client else ""
        call = Call("POST", scope["path"], name, version, scope["headers"], logs.request_id.get(), peer)
        scope[OBSERVED] = True
        refused = self._answering.admit(call)
        if refused is not None:
            return _refusal(request, HttpAnswer.failed(refused))
        call.held = held = self._answering.request_memory.open()
        try:
            coding = coding_of(", ".join(request.headers.getlist("content-encoding")).encode("latin-1") or None)
            if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES and "expect" in request.headers:
                raise too_large()
            arriving = ArrivingContent(held)
            async for part in request.stream():
                arriving.add(part)
            content = arriving.take()
            if coding is not None:
                content = await decoded(content, coding, held, call)
            return _response(await self._answering.answered(call, exchange(content)))
        except ClientDisconnect:
            return Response(status_code=499)
        except (RequestError, RefusedError) as error:
            return _refusal(request, HttpAnswer.failed(self._answering.failed(call, error)))
        finally:
            held.release()

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        document = openapi.document(self._dataplane.model_registry, address(request))
        return Response(orjson.dumps(document), media_type="application/json")

    async def docs(self, request: Request) -> Response:
        """The OpenAPI document as a page for people."""
        return Response(openapi.page(self._dataplane.model_registry, address(request)), media_type="text/html")

    async def metadata(self, request: Request) -> Response:
        """V2's model metadata of one version."""
        name = request.path_params["model_name"]
        self._dataplane.model_registry.find(name, request.path_params["model_version"])
        return Response(orjson.dumps(await self._dataplane.model_metadata(name)), media_type="application/json")


def _refusal(request: Request, answer: HttpAnswer) -> Response:
    """An answer that may be sent before the content: a client that waits for ``100 Continue`` sends none then."""
    response = _response(answer)
    if "expect" in request.headers:
        response.raw_headers.append((b"connection", b"close"))
    return response


def _response(answer: HttpAnswer) -> Response:
    response = Response(answer.content, status_code=answer.status)
    response.raw_headers += answer.headers
    return response


def _on_error(_: Request, error: Exception) -> Response:
    return _response(HttpAnswer.failed(failure_of(error)))


def _on_invalid(_: Request, error: Exception) -> Response:
    details = error.errors() if isinstance(error, RequestValidationError) else []
    where = ".".join(map(str, details[0]["loc"])) if details else "request"
    return _error(400, f"{where}: {details[0]['msg'] if details else 'invalid'}")


def _on_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _error(status, str(getattr(error, "detail", error)))
    if status == 405:
        response.raw_headers.append(allow_header(allowed_methods(request.app.routes, request.scope)))
    return response


def _error(status: int, message: str) -> Response:
    return Response(orjson.dumps({"error": message}), status_code=status, media_type="application/json")
