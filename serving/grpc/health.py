"""``grpc.health.v1.Health``: what Kubernetes' gRPC probes, gateways and clients ask.

https://github.com/grpc/grpc/blob/master/doc/health-checking.md. The services are the server (""), KServe's service, and
every model by its name.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError
from grpc import StatusCode

from serving.grpc.descriptors import HEALTH, message_class
from serving.grpc.session import End, Send, Session
from serving.inference.dataplane import DataPlane
from serving.inference.failures import RefusedError
from serving.v2.errors import RequestError, quote
from serving.v2.grpc_exchange import BROKEN

CHECK_PATH = f"/{HEALTH}.Health/Check"
WATCH_PATH = f"/{HEALTH}.Health/Watch"

_Request = message_class(f"{HEALTH}.HealthCheckRequest")
_Response = message_class(f"{HEALTH}.HealthCheckResponse")


class Health:
    """Answers from the readiness of the server.

    Args:
        service: the name of the inference service.
    """

    def __init__(self, dataplane: DataPlane, service: str) -> None:
        self._dataplane = dataplane
        self._names = ("", service)
        self._watches: set[_Watch] = set()
        dataplane.on_drain(self._changed)

    parse = staticmethod(_Request.FromString)

    async def check(self, request: Any, _: None) -> Any:
        """``Check``: the status of a service.

        Raises:
            RefusedError: there is no such service.
        """
        status = self.status(request.service)
        if status == _Response.SERVICE_UNKNOWN:
            raise RefusedError(f"unknown service {quote(request.service)}", 404, StatusCode.NOT_FOUND)
        return _Response(status=status)

    def watch(self, send: Send, _: End) -> Session:
        """``Watch``: the status of a service, and again whenever it changes."""
        return _Watch(self, self._watches, send)

    def status(self, name: str) -> int:
        """The status of a service, a number of ``ServingStatus``."""
        if name not in self._names and name not in self._dataplane.model_registry.get_models():
            return int(_Response.SERVICE_UNKNOWN)
        return int(_Response.NOT_SERVING if self._dataplane.draining else _Response.SERVING)

    def _changed(self) -> None:
        for watch in list(self._watches):
            watch.send_status()


class _Watch:
    """A call of ``Watch``."""

    def __init__(self, health: Health, watches: set[_Watch], send: Send) -> None:
        self._health = health
        self._watches = watches
        self._send = send
        self._name: str | None = None
        self._sent: int | None = None

    def receive(self, message: bytes) -> None:
        if self._name is not None:
            raise RequestError("Watch takes one message")
        try:
            self._name = _Request.FromString(message).service
        except DecodeError:
            raise RequestError(BROKEN) from None
        self._watches.add(self)
        self.send_status()

    def half_close(self) -> None:
        if self._name is None:
            raise RequestError("the call has no message")

    def close(self) -> None:
        self._watches.discard(self)

    def send_status(self) -> None:
        """Send the status unless it was the last one sent."""
        status = self._health.status(self._name or "")
        if status != self._sent:
            self._sent = status
            self._send(_Response(status=status).SerializeToString())
