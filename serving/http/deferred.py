"""An ASGI application that is built for its first request.

Building KServe's application takes longer than all other parts of the start together; inference, health and metrics do
not need it.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from serving.http.asgi import App, Message, Receive, Send


class DeferredApplication:
    """Builds an application on a thread, while other requests are answered.

    Args:
        build: returns the application; called again for the next request if it raises.
    """

    def __init__(self, build: Callable[[], App]) -> None:
        self._build = build
        self._app: App | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        app = self._app or await self._built()
        await app(scope, receive, send)

    async def _built(self) -> App:
        async with self._building:
            if self._app is None:
                self._app = await asyncio.to_thread(self._build)
                gc.freeze()  # as at the end of the start
            return self._app
