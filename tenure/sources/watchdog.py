"""Timeouts for systems that may hang."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tenure.errors import SourceError

T = TypeVar("T")

STOP_INTERVAL_S = 0.1


@dataclass(frozen=True)
class _Failure:
    error: BaseException


_END = object()


def watched(produce: Callable[[], Generator[T, None, None]], timeout_s: float, what: str) -> Iterator[T]:
    """Yield the items of ``produce``, which runs in a thread; each must arrive within ``timeout_s``.

    A driver that hangs in a system call cannot be interrupted from Python. Its thread is a daemon, which does not delay
    the end of the process. Closing the iteration early ends the thread at its next item.

    Args:
        produce: returns the items.
        timeout_s: seconds to wait for each item.
        what: the system, for the message.

    Raises:
        SourceError: an item did not arrive in time; and whatever ``produce`` raises.
    """
    answers: queue.Queue[object] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(item: object) -> bool:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                answers.put(item, timeout=STOP_INTERVAL_S)
                return True
        return False

    def work() -> None:
        try:
            with contextlib.closing(produce()) as items:
                for item in items:
                    if not put(item):
                        return
            put(_END)
        except BaseException as error:
            put(_Failure(error))

    threading.Thread(target=work, name="tenure-source", daemon=True).start()
    try:
        while True:
            try:
                answer = answers.get(timeout=timeout_s)
            except queue.Empty:
                raise SourceError(f"{what} did not answer within {timeout_s:g} s") from None
            if answer is _END:
                return
            if isinstance(answer, _Failure):
                raise answer.error
            yield answer  # type: ignore[misc]
    finally:
        stopped.set()


def watched_once(ask: Callable[[], T], timeout_s: float, what: str) -> T:
    """Return ``ask()``, which must end within ``timeout_s``.

    Raises:
        SourceError: as ``watched``.
    """

    def produce() -> Generator[T, None, None]:
        yield ask()

    return next(watched(produce, timeout_s, what))
