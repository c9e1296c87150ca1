"""A connection over a transport in memory: clients that do not read, and the memory that requests take."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from serving.admission.request_memory import RequestMemory
from serving.http.connection import KEEP_ALIVE_S, HttpConnection
from serving.http.content import MAX_BODY_BYTES, ArrivingContent
from serving.listening.limits import ConnectionLimits
from serving.v2.errors import TooLargeError


class Socket:
    family = 2

    def fileno(self) -> int:
        return 5

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 1

    getsockname = getpeername


class Transport(asyncio.Transport):
    """Keeps what is written; ``unsent`` bytes of it are not taken by the client."""

    def __init__(self) -> None:
        super().__init__({"socket": Socket()})
        self.written = b""
        self.unsent = 0
        self.events: list[str] = []

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.events.append("end")

    def is_closing(self) -> bool:
        return "close" in self.events or "abort" in self.events

    def close(self) -> None:
        self.events.append("close")

    def abort(self) -> None:
        self.events.append("abort")

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.events.append("pause")

    def resume_reading(self) -> None:
        self.events.append("resume")


async def health(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def on_a_connection(work: Callable[[HttpConnection, Transport], Any], memory: RequestMemory | None = None) -> None:
    async def run() -> None:
        config = uvicorn.Config(health, lifespan="off", ws="none", log_config=None, access_log=False)
        config.load()
        loop = asyncio.get_running_loop()
        limits = ConnectionLimits(10, 10.0)
        connection = HttpConnection(config, ServerState(), {}, loop, limits=limits, memory=memory or RequestMemory())
        transport = Transport()
        connection.connection_made(transport)
        await work(connection, transport)

    asyncio.run(run())


def test_a_client_that_does_not_read_is_disconnected() -> None:
    async def work(connection: HttpConnection, transport: Transport) -> None:
        now = connection.loop.time()
        connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.01)
        transport.unsent = 100_000
        connection.close_if_overdue(now)
        transport.unsent = 90_000
        connection.close_if_overdue(now + KEEP_ALIVE_S - 1)
        connection.close_if_overdue(now + 2 * KEEP_ALIVE_S - 2)
        assert "abort" not in transport.events, "it reads, if slowly"
        connection.close_if_overdue(now + 2 * KEEP_ALIVE_S)
        assert transport.events[-1] == "abort"

    on_a_connection(work)


def test_what_is_held_is_released() -> None:
    memory = RequestMemory(2_000_000)

    async def work(connection: HttpConnection, transport: Transport) -> None:
        start = b"GET / HTTP/1.1\r\nHost: x\r\n"
        connection.data_received(start + b"X: " + b"y" * 30_000)
        assert memory.held_bytes > 30_000
        connection.data_received(b"\r\n\r\n")
        await asyncio.sleep(0.01)
        assert memory.held_bytes == 0
        connection.data_received((start + b"\r\n") * 2_000)
        assert 0 < memory.held_bytes < 1_000_000
        await asyncio.sleep(1.0)
        assert transport.written.count(b"200 OK") == 2_001
        assert memory.held_bytes == 0
        connection.data_received(start + b"X: " + b"y" * 30_000)
        connection.connection_lost(None)
        assert memory.held_bytes == 0

    on_a_connection(work, memory)


def test_heads_that_exceed_the_memory_of_all() -> None:
    memory = RequestMemory(10_000)

    async def work(connection: HttpConnection, transport: Transport) -> None:
        connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 30_000)
        assert transport.written.startswith(b"HTTP/1.1 503 ")
        assert transport.events[-1] == "end"
        assert memory.held_bytes == 0
        connection.close_if_overdue(connection.loop.time() + 2)
        assert transport.events[-1] == "close"

    on_a_connection(work, memory)


def test_small_parts_take_no_more_memory_than_they_count() -> None:
    held = RequestMemory().open()
    content = ArrivingContent(held)
    tracemalloc.start()
    for number in range(200_000):
        content.add(b"%02d" % (number % 100))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 1_000_000
    assert content.take() == b"".join(b"%02d" % (number % 100) for number in range(200_000))


def test_the_limit_of_content() -> None:
    content = ArrivingContent(RequestMemory().open())
    content.add(bytes(MAX_BODY_BYTES))
    with pytest.raises(TooLargeError):
        content.add(b"x")


def test_unread_answers_count_as_held() -> None:
    memory = RequestMemory(1000)

    async def work(connection: HttpConnection, transport: Transport) -> None:
        transport.unsent = 900
        connection.pause_writing()
        assert memory.held_bytes == 900
        assert "abort" not in transport.events
        connection.resume_writing()
        assert memory.held_bytes == 0
        connection.pause_writing()
        connection.connection_lost(None)
        assert memory.held_bytes == 0

    on_a_connection(work, memory)


def test_an_unread_answer_is_cut_off_where_no_memory_is_left() -> None:
    memory = RequestMemory(1000)
    memory.open().add(200)

    async def work(connection: HttpConnection, transport: Transport) -> None:
        transport.unsent = 900
        connection.pause_writing()
        assert transport.events[-1] == "abort"
        assert memory.held_bytes == 200

    on_a_connection(work, memory)
