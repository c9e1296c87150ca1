"""KServe's application is built once, away from the event loop, for its first request."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from serving.http.deferred import DeferredApplication


class Build:
    """Returns an application that counts its requests; fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.threads: list[int] = []
        self.answered = 0

    def __call__(self) -> Any:
        self.threads.append(threading.get_ident())
        if len(self.threads) <= self.failures:
            raise RuntimeError("not yet")

        async def app(*_: Any) -> None:
            self.answered += 1

        return app


async def ask(app: DeferredApplication) -> None:
    await app({"type": "http"}, None, None)  # type: ignore[arg-type]


def test_requests_at_the_same_time_build_it_once_on_a_thread() -> None:
    build = Build()

    async def run() -> None:
        app = DeferredApplication(build)
        assert build.threads == []
        await asyncio.gather(*(ask(app) for _ in range(5)))

    asyncio.run(run())
    assert (len(build.threads), build.answered) == (1, 5)
    assert build.threads != [threading.get_ident()]


def test_a_build_that_fails_is_tried_again() -> None:
    build = Build(failures=1)

    async def run() -> None:
        app = DeferredApplication(build)
        with pytest.raises(RuntimeError, match="not yet"):
            await ask(app)
        await ask(app)

    asyncio.run(run())
    assert build.answered == 1
