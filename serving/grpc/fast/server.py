"""Accepts gRPC connections, and drains them at the end."""

from __future__ import annotations

import asyncio

from serving.grpc.fast.calls import Calls
from serving.grpc.fast.connection import GrpcConnection
from serving.grpc.methods import Methods
from serving.inference.answering import Answering
from serving.listening.limits import ConnectionLimits
from serving.listening.sockets import BACKLOG, listen, refuse_new_connections
from serving.listening.tls import Certificate

_CHECK_EVERY_S = 0.5
_ACCEPT_S = 0.1
"""Enough for a busy event loop to accept the connections in the listener's queue."""


class FastGrpcServer:
    """A server on one address.

    Args:
        methods: all besides inference.
        limits: apply to every connection.
    """

    def __init__(
        self,
        methods: Methods,
        answering: Answering,
        limits: ConnectionLimits,
        certificate: Certificate | None,
        *,
        shared_port: bool,
    ) -> None:
        self._calls = Calls(answering, methods)
        self._limits = limits
        self._context = None if certificate is None else certificate.grpc_context
        self._shared_port = shared_port
        self._connections: set[GrpcConnection] = set()

    async def start(self, host: str, port: int) -> int:
        """Start to listen; returns the port.

        Raises:
            ServingError: the address is in use or invalid.
        """
        loop = asyncio.get_running_loop()
        self._listener = listen(host, port, shared=self._shared_port)
        self._server = await loop.create_server(
            lambda: GrpcConnection(self._calls, self._limits, self._connections),
            sock=self._listener,
            backlog=BACKLOG,  # it is set again when the event loop takes the socket
            ssl=self._context,
            ssl_handshake_timeout=None if self._context is None else self._limits.read_timeout_s,
        )
        self._checking = loop.create_task(self._check_timeouts())
        bound: int = self._listener.getsockname()[1]
        return bound

    async def stop(self, grace_s: float) -> None:
        """Accept no new connections, answer the open calls, and close everything after ``grace_s``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        refuse_new_connections(self._listener)
        await asyncio.sleep(_ACCEPT_S)
        self._server.close()
        while self._connections and loop.time() < until:
            for connection in list(self._connections):
                connection.drain()
            await asyncio.sleep(0.05)
        for connection in list(self._connections):
            connection.abort()
        self._checking.cancel()

    async def _check_timeouts(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            for connection in list(self._connections):
                connection.check_timeouts(loop.time())
