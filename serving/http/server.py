"""Uvicorn with a shutdown that loses no request.

    SIGTERM ── drain_s ──▶ no new connections ── open requests are answered, grace_s at most ──▶ exit

During ``drain_s`` every request is answered, the server reports that it is not ready, and each answer closes its
connection. At its end a gateway has stopped sending, and no client holds a connection that could be closed while its
next request is on the way.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import cast

import uvicorn

from serving.http.connection import KEEP_ALIVE_S, HttpConnection
from serving.listening import descriptors
from serving.listening.limits import ConnectionLimits
from serving.listening.sockets import refuse_new_connections
from serving.observation import logs

_SWEEP_EVERY_S = 0.5
_ACCEPT_S = 0.1
"""Enough for a busy event loop to accept the connections in a listener's queue."""
_LAST_REQUEST_S = 5.0
"""A connection that has been idle for this long is not in regular use. Its client would see it closed instead of being
told by ``Connection: close``, and may have sent a request meanwhile."""


class HttpServer(uvicorn.Server):
    """Serves until a signal arrives, then drains; a second signal ends it at once.

    Args:
        config: uvicorn's; its ``http`` and time-outs are replaced.
        limits: apply to every connection.
        tls: context of HTTPS; None for HTTP.
        make_connection: called with uvicorn's arguments and ``limits``.
        drain_s, grace_s: seconds, as in the diagram above.
        on_started: called when the server listens.
        on_drain: called when the signal arrives.
        on_stop: awaited after ``drain_s``, while open requests are answered.
        owns_listener: whether no other process continues to accept connections from the same socket.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None = None,
        *,
        make_connection: Callable[..., HttpConnection],
        drain_s: float,
        grace_s: float,
        on_started: Callable[[], None],
        on_drain: Callable[[], None],
        on_stop: Callable[[], Awaitable[None]],
        owns_listener: Callable[[], bool],
    ) -> None:
        config.http = cast(type[asyncio.Protocol], partial(make_connection, limits=limits))
        config.timeout_keep_alive = int(KEEP_ALIVE_S)
        config.timeout_graceful_shutdown = 1  # grace_s is over by then
        config.load()
        super().__init__(config)
        self._tls = tls
        self._limits = limits
        self._drain_s, self._grace_s = drain_s, grace_s
        self._on_started, self._on_drain, self._on_stop = on_started, on_drain, on_stop
        self._owns_listener = owns_listener
        self._listeners: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners = sockets or []
        await super().startup([])
        # Uvicorn would leave a client a minute for its TLS handshake.
        handshake_s = None if self._tls is None else self._limits.read_timeout_s
        self.servers = [
            await self._loop.create_server(
                self._connection,
                sock=listener,
                backlog=self.config.backlog,
                ssl=self._tls,
                ssl_handshake_timeout=handshake_s,
            )
            for listener in self._listeners
        ]
        self._tasks.append(self._loop.create_task(self._sweep()))
        self._on_started()

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._limits.draining:
            super().handle_exit(sig, frame)
            return
        self._limits.draining = True
        self._loop.call_soon_threadsafe(lambda: self._tasks.append(self._loop.create_task(self._drain())))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for task in self._tasks:
            task.cancel()

    async def _drain(self) -> None:
        try:
            logs.server.info("draining")
            self._on_drain()
            for connection in self._connections():
                connection.drain()
            await asyncio.sleep(self._drain_s)
            if self._owns_listener():
                for listener in self._listeners:
                    refuse_new_connections(listener)
                await asyncio.sleep(_ACCEPT_S)
            for server in self.servers:
                server.close()
            await asyncio.gather(self._on_stop(), self._finish())
        finally:
            self.should_exit = True

    async def _finish(self) -> None:
        """Wait for the last answers, and close idle connections."""
        until = self._loop.time() + self._grace_s
        while self._connections() and (now := self._loop.time()) < until:
            for connection in self._connections():
                if connection.idle_s(now) >= _LAST_REQUEST_S and not connection.has_unread():
                    connection.shutdown()
            await asyncio.sleep(0.05)

    async def _sweep(self) -> None:
        """Close the connections of clients that are late, and notice that file descriptors run out."""
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            descriptors.check()
            now = self._loop.time()
            for connection in self._connections():
                connection.close_if_overdue(now)

    def _connections(self) -> list[HttpConnection]:
        return cast(list[HttpConnection], list(self.server_state.connections))
