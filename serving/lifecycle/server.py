"""One process that serves the models, on sockets that are open already."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType

import uvicorn

from serving.grpc.fast import FastGrpcServer
from serving.grpc.grpcio_server import GrpcServer
from serving.grpc.methods import methods_of
from serving.http.asgi import App
from serving.http.connection import HttpConnection
from serving.http.deferred import DeferredApplication
from serving.http.encoding_middleware import Encoding
from serving.http.fast_route import FastConnection
from serving.http.probes import Probes
from serving.http.request_log import RequestLog
from serving.http.server import HttpServer
from serving.inference.answering import Answering
from serving.inference.dataplane import DataPlane, FixedRepository
from serving.inference.hooks import Hooks
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from serving.kserve_import import import_kserve
from serving.lifecycle.arguments import Arguments
from serving.lifecycle.reload import Reloader, Served
from serving.listening.limits import ConnectionLimits
from serving.listening.tls import Certificate
from serving.observation import metrics
from tenure.bundle import Bundle

_LOCK_S = 0.0005
"""How long a thread that works on a large request keeps the interpreter's lock while the event loop waits for it; 5 ms
by default, which is the time of twenty small requests."""


@dataclass(frozen=True)
class Listening:
    """The addresses that the server listens on."""

    host: str
    http: socket.socket
    grpc_port: int | None
    """0: any free port; None: no gRPC."""
    certificate: Certificate | None = None
    """None: no TLS."""
    shared_port: bool = False
    """Several workers listen on the same gRPC port."""
    owns_http: Callable[[], bool] = lambda: True
    """Whether no other worker continues to accept connections from ``http`` when this one stops."""


class ModelServer:
    """Serves until a signal comes; then finishes what it has (see ``serving.http.server``).

    It takes the place of ``kserve.ModelServer``, which binds every interface and unloads the models when the signal
    comes, while requests still run.
    """

    def __init__(
        self, listening: Listening, given: Arguments, hooks: Hooks, on_ready: Callable[[int | None], None]
    ) -> None:
        self._listening = listening
        self._given = given
        self._on_ready = on_ready
        self._stop_requested = False
        self._models = Models()
        self._answering = Answering(self._models, hooks)
        self._dataplane = DataPlane(self._models)

    def start(self, served: dict[str, Served]) -> None:
        """Serve bundles by model name until SIGTERM or SIGINT; SIGHUP checks their folders for changes.

        Raises:
            ServingError: the gRPC address is in use.
        """
        for name, first in served.items():
            self._models.replace(ChurnModel(name, first.bundle))
        # Uvicorn handles both while it runs. A signal that arrives before is passed on when the server has started, and
        # one that arrives after it has ended is ignored.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        sys.setswitchinterval(_LOCK_S)
        with asyncio.Runner(loop_factory=_new_event_loop) as runner:
            runner.run(self._run(served))

    async def _run(self, served: dict[str, Served]) -> None:
        given, listening, certificate = self._given, self._listening, self._listening.certificate
        repository = FixedRepository()
        app = self._application(repository)
        limits = ConnectionLimits(given.admission.max_connections, given.admission.read_timeout_s)
        grpc: FastGrpcServer | GrpcServer | None = None
        grpc_port: int | None = None
        if listening.grpc_port is not None:
            methods = methods_of(self._dataplane, repository)
            shared = listening.shared_port
            if given.fast_route:
                grpc = FastGrpcServer(methods, self._answering, limits, certificate, shared_port=shared)
            else:
                grpc = GrpcServer(methods, self._answering, certificate, shared_port=shared)
            grpc_port = await grpc.start(listening.host, listening.grpc_port)

        async def stop_grpc() -> None:
            if grpc is not None:
                await grpc.stop(given.grace_s)

        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none")
        server = HttpServer(
            config,
            limits,
            None if certificate is None else certificate.context,
            make_connection=partial(FastConnection, answering=self._answering)
            if given.fast_route
            else partial(HttpConnection, memory=self._answering.request_memory),
            drain_s=given.drain_s,
            grace_s=given.grace_s,
            on_started=lambda: self._started(grpc_port),
            on_drain=self._dataplane.drain,
            on_stop=stop_grpc,
            owns_listener=listening.owns_http,
        )
        reloader = Reloader(served, self._install, given.threads, given.watch_s, _count_reload, trust=given.trust)
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.check_now)
        # A dead worker's successor starts with the bundles that the parent read at its start.
        await reloader.check_all()
        background = [reloader.run()]
        if certificate is not None:
            background.append(certificate.watch())
        async with _background(*background):
            await server.serve(sockets=[listening.http])

    def _application(self, repository: FixedRepository) -> App:
        def build() -> App:
            import_kserve()
            from serving.http.application import application

            return application(self._dataplane, repository, self._answering)

        app = DeferredApplication(build) if self._given.fast_route else build()
        return RequestLog(Encoding(Probes(app, self._dataplane)))

    def _started(self, grpc_port: int | None) -> None:
        # Without this the collector would scan all that is loaded for 60 to 80 ms, twice a second under load, while
        # requests wait. A bundle that is loaded later is not frozen, so it can be freed.
        gc.collect()
        gc.freeze()
        gc.enable()
        if self._stop_requested:
            signal.raise_signal(signal.SIGTERM)
        else:
            self._on_ready(grpc_port)

    def _request_stop(self, _: int, __: FrameType | None) -> None:
        self._stop_requested = True

    def _install(self, name: str, loaded: Bundle) -> None:
        self._models.replace(ChurnModel(name, loaded))


@asynccontextmanager
async def _background(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run coroutines while the block runs."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _count_reload(name: str, outcome: str) -> None:
    metrics.RELOADS.labels(name, outcome).inc()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # it has no wheel for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
