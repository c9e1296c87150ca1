"""ASGI: its types, and an answer as its messages. The server has HTTP only: no lifespan events and no WebSockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving.http.answer import HttpAnswer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


async def send_answer(answer: HttpAnswer, send: Send) -> None:
    """Send an answer, with its Content-Length."""
    headers = list(answer.headers)
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})


def allow_header(methods: list[str]) -> tuple[bytes, bytes]:
    """The header ``Allow``."""
    return b"allow", ", ".join(methods).encode()
