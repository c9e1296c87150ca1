"""KServe's model server on sockets that we opened."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import kserve
import uvicorn

from serving import rest
from serving.answering import Answering
from serving.dataplane import ChurnDataPlane, FixedRepository
from serving.grpc_server import ChurnServicer, GrpcServer
from serving.hooks import Hooks
from serving.model import ChurnModel
from serving.models import Models


@dataclass(frozen=True)
class Listening:
    """Where the server listens."""

    host: str
    http: socket.socket
    grpc_port: int | None
    """0: any free port; None: no gRPC."""
    shared_port: bool = False
    """Several workers listen on the same gRPC port."""


class ChurnServer(kserve.ModelServer):  # type: ignore[misc]  # it has no type stubs
    """Serves until a signal comes; then takes no more requests and finishes those it has.

    KServe's own ``start`` leaves uvloop unused with one worker, binds every interface, and unloads the models when the
    signal comes, while requests still run.
    """

    def __init__(
        self, listening: Listening, grace_s: float, hooks: Hooks, on_ready: Callable[[int | None], None]
    ) -> None:
        super().__init__(enable_grpc=listening.grpc_port is not None, enable_latency_logging=False)
        self._listening = listening
        self._grace_s = grace_s
        self._on_ready = on_ready
        self.models = Models(self.registered_models)
        self.answering = Answering(self.models, hooks)
        self.dataplane = ChurnDataPlane(self.registered_models, self.models)
        self.model_repository_extension = FixedRepository(self.registered_models)

    def start(self, models: Sequence[ChurnModel]) -> None:
        """Serve ``models`` until SIGTERM or SIGINT.

        Raises:
            ServingError: the gRPC address is taken.
        """
        for model in models:
            self.models.replace(model)
        # Uvicorn handles both while it serves, and raises them again when it is done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        with asyncio.Runner(loop_factory=_new_event_loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        listening = self._listening
        app = rest.application(self.dataplane, self.model_repository_extension, self.answering)
        grpc: GrpcServer | None = None
        grpc_port: int | None = None
        if listening.grpc_port is not None:
            servicer = ChurnServicer(self.dataplane, self.model_repository_extension)
            grpc = GrpcServer(servicer, self.answering, shared_port=listening.shared_port)
            grpc_port = await grpc.start(listening.host, listening.grpc_port)
        stopping: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()

        def stop_grpc() -> None:
            if grpc is not None:
                loop.call_soon_threadsafe(lambda: stopping.append(loop.create_task(grpc.stop(self._grace_s))))

        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=65,
            timeout_graceful_shutdown=int(self._grace_s),
        )
        server = _Uvicorn(config, on_started=lambda: self._on_ready(grpc_port), on_exit=stop_grpc)
        await server.serve(sockets=[listening.http])
        await asyncio.gather(*stopping)


class _Uvicorn(uvicorn.Server):
    """Uvicorn, telling when it listens and when it was told to stop."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None], on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_exit = on_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            self._on_exit()
        super().handle_exit(sig, frame)


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # it has no wheel for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _ignore(_: int, __: FrameType | None) -> None:
    return None
