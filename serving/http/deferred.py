"""An ASGI application that is built for its first request, or soon after the start.

Building KServe's application takes longer than all other parts of the start together, and inference does not need it.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from serving.http.asgi import App, Message, Receive, Send

BUILD_AFTER_S = 1.0
"""By then a client that waited for the start has its first answer. Later the build would disturb more requests, and the
first probe of a gateway would wait for it."""


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

    async def build_soon(self) -> None:
        """Build it after ``BUILD_AFTER_S``, if no request comes before."""
        await asyncio.sleep(BUILD_AFTER_S)
        await self._built()

    async def _built(self) -> App:
        async with self._building:
            if self._app is None:
                self._app = await asyncio.to_thread(self._build)
                gc.freeze()  # as at the end of the start
            return self._app
