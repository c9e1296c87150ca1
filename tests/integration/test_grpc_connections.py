"""gRPC connections are drained at an age: open calls are answered, calls without a message end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from load import INFER, Grpc, Load

from serving.admission.request_memory import RequestMemory
from serving.listening.limits import ConnectionLimits
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow


class Answering:
    """Answers at once."""

    def __init__(self) -> None:
        self.request_memory = RequestMemory()

    def admit(self, _: Any) -> None:
        """Everybody is let in."""

    def answer(self, _: Any, __: Any, done: Callable[[bytes], None]) -> None:
        from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

        done(pb.ModelInferResponse(model_version="v").SerializeToString())

    async def answered(self, call: Any, exchange: Any) -> bytes:
        found: list[bytes] = []
        self.answer(call, exchange, found.append)
        return found[0]

    def failed(self, _: Any, error: Exception) -> Any:
        from serving.inference.failures import failure_of

        return failure_of(error)


def dawdle(port: int, go_on: threading.Event) -> tuple[grpc.StatusCode, float]:
    """Open a call and send no message; returns its status and the seconds it took."""

    def nothing() -> Iterator[bytes]:
        go_on.wait(30)
        yield from ()

    began = time.monotonic()
    with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)]) as channel:
        try:
            channel.stream_unary(INFER)(nothing(), timeout=30)
        except grpc.RpcError as error:
            return error.code(), time.monotonic() - began
    return grpc.StatusCode.OK, time.monotonic() - began


@pytest.mark.parametrize("fast", [True, False])
def test_a_connection_has_an_age(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    from serving.grpc import grpcio_server
    from serving.grpc.fast import FastGrpcServer, connection
    from serving.grpc.methods import Methods

    for module in (grpcio_server, connection):
        monkeypatch.setattr(module, "CONNECTION_AGE_S", 0.5)
        monkeypatch.setattr(module, "CONNECTION_AGE_GRACE_S", 0.5)
    go_on, load = threading.Event(), Load()

    async def run() -> tuple[grpc.StatusCode, float]:
        server: Any = (
            FastGrpcServer(Methods(), Answering(), ConnectionLimits(10, 30.0), None, shared_port=False)
            if fast
            else grpcio_server.GrpcServer(Methods(), Answering(), None, shared_port=False)
        )
        port = await server.start("127.0.0.1", 0)
        load.start(3, lambda: Grpc(port, infer_request({"tenure": [1]})))
        try:
            found = await asyncio.to_thread(dawdle, port, go_on)
        finally:
            go_on.set()
            await asyncio.to_thread(load.stop)
            await server.stop(1.0)
        return found

    code, seconds = asyncio.run(run())
    assert code is grpc.StatusCode.UNAVAILABLE
    assert seconds < 15
    assert load.lost == [], "connections came and went, and no call with them"
    assert load.answers["v"] > 50
