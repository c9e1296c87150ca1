"""Middleware that compresses the application's answers."""

from __future__ import annotations

from serving.http import encoding
from serving.http.answer import HttpAnswer
from serving.http.asgi import App, Message, Receive, Send


class Encoding:
    """Compresses answers that are large enough, for clients that accept it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        accepted = b", ".join(value for name, value in scope["headers"] if name == b"accept-encoding") or None
        start: Message | None = None

        async def send_encoded(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                before, start = start, None
                content = message.get("body", b"")
                if len(content) >= encoding.MIN_BYTES and not message.get("more_body"):
                    before, content = await _encoded(before, content, accepted)
                    message = {**message, "body": content}
                await send(before)
            await send(message)

        await self._app(scope, receive, send_encoded)


async def _encoded(start: Message, content: bytes, accepted: bytes | None) -> tuple[Message, bytes]:
    headers = [*start.get("headers", ()), encoding.VARIES]
    coding = encoding.chosen(accepted)
    if coding is None:
        return {**start, "headers": headers}, content
    answer = await encoding.encoded(HttpAnswer(start["status"], headers, content), coding)
    length = (b"content-length", str(len(answer.content)).encode())
    kept = [field for field in answer.headers if field[0].lower() != b"content-length"]
    return {**start, "headers": [*kept, length]}, answer.content
