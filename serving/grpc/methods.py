"""The methods that both gRPC servers offer besides inference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from grpc import StatusCode
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.grpc.health import CHECK_PATH, WATCH_PATH, Health
from serving.grpc.reflection import SERVICES as REFLECTION_SERVICES
from serving.grpc.service import (
    MAX_SMALL_MESSAGE_BYTES,
    NO_STREAMING_INFERENCE,
    OTHER_METHODS,
    SERVICE,
    STREAM_INFER_PATH,
    check_length,
)
from serving.grpc.session import OpenSession
from serving.inference.dataplane import DataPlane, FixedRepository
from serving.inference.failures import Failure, failure_of
from serving.kserve_import import import_kserve
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.grpc_exchange import BROKEN


class UnaryMethod:
    """A method of one request and one answer, with a request id, errors as statuses, and a line in the log.

    Args:
        parse: reads a request message; raises ``DecodeError`` if it is invalid.
        behaviour: answers it.
    """

    def __init__(
        self, path: str, parse: Callable[[bytes], Any], behaviour: Callable[[Any, None], Awaitable[Any]]
    ) -> None:
        self._path = path
        self._parse = parse
        self._behaviour = behaviour

    async def answer(self, content: bytes, request_id: str) -> bytes | Failure:
        """The answer's bytes, or an error."""
        token = logs.request_id.set(request_id)
        sent: bytes | Failure
        try:
            check_length(len(content), MAX_SMALL_MESSAGE_BYTES)
            # KServe's methods take a gRPC context, and use it for inference only.
            sent = (await self._behaviour(self._parse(content), None)).SerializeToString()
        except DecodeError:
            sent = failure_of(RequestError(BROKEN))
        except Exception as error:  # every error becomes a status
            sent = failure_of(error)
        status = sent.grpc if isinstance(sent, Failure) else StatusCode.OK
        logs.access.debug("request", extra={"fields": {"method": "gRPC", "path": self._path, "status": status.name}})
        logs.request_id.reset(token)
        return sent


class _Servicer:
    """KServe's servicer, imported for the first call of one of its methods, on a thread."""

    def __init__(self, dataplane: DataPlane, repository: FixedRepository) -> None:
        self._made: Any = None
        self._arguments = dataplane, repository

    def behaviour(self, name: str) -> Callable[[Any, None], Awaitable[Any]]:
        """The method of this name."""

        async def answer(request: Any, context: None) -> Any:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            return await getattr(self._made, name)(request, context)

        return answer

    def _make(self) -> Any:
        import_kserve()
        from serving.grpc.servicer import ChurnServicer

        return ChurnServicer(*self._arguments)


@dataclass(frozen=True)
class Methods:
    """Methods by their paths; any other path is unknown."""

    unary: Mapping[str, UnaryMethod] = field(default_factory=dict)
    streaming: Mapping[str, OpenSession] = field(default_factory=dict)
    refused: Mapping[str, Failure] = field(default_factory=dict)
    """Methods that are refused by their names."""


def methods_of(dataplane: DataPlane, repository: FixedRepository) -> Methods:
    """The methods of KServe's service besides inference, of health and of reflection."""
    servicer = _Servicer(dataplane, repository)
    health = Health(dataplane, SERVICE)
    unary = {
        f"/{SERVICE}/{name}": UnaryMethod(
            f"/{SERVICE}/{name}", getattr(pb, f"{name}Request").FromString, servicer.behaviour(name)
        )
        for name in OTHER_METHODS
    }
    unary[CHECK_PATH] = UnaryMethod(CHECK_PATH, health.parse, health.check)
    streaming: dict[str, OpenSession] = {WATCH_PATH: health.watch}
    streaming |= {reflection.path: reflection.open for reflection in REFLECTION_SERVICES}
    return Methods(unary, streaming, {STREAM_INFER_PATH: NO_STREAMING_INFERENCE})
