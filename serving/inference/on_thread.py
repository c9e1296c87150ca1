"""Work of the event loop's requests on its threads, until a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from serving.admission.refusal import OverloadedError

Result = TypeVar("Result")


def run_on_thread(
    work: Callable[[], Result],
    deadline: float | None,
    *,
    late: Callable[[], None],
    done: Callable[[Result | Exception], None],
) -> None:
    """Run ``work`` on a thread of the event loop.

    Args:
        deadline: by ``perf_counter``.
        late: called at the deadline if the work is not done; a thread cannot be interrupted, so it continues.
        done: called on the event loop with the result or the error of the work, after ``late`` too.
    """
    loop = asyncio.get_running_loop()
    working = loop.run_in_executor(None, work)
    timer = None if deadline is None else loop.call_later(deadline - perf_counter(), late)

    def finish(finished: asyncio.Future[Result]) -> None:
        if timer is not None:
            timer.cancel()
        error = None if finished.cancelled() else finished.exception()
        if isinstance(error, Exception):
            done(error)
        elif finished.cancelled() or error is not None:
            done(OverloadedError("the server is stopping"))
        else:
            done(finished.result())

    working.add_done_callback(finish)
