"""The next part is read while this one is scored: Arrow and ONNX Runtime leave Python's lock to each other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextvars import copy_context
from typing import TypeVar

_LOOK_S = 0.1

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """``items``, of which a thread gets one ready while the one before is in use.

    What the iterator raises is raised here, in its place. Whoever stops early closes the generator; the iterator is
    closed by the thread that runs it.
    """
    ready: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def hand_over(item: Item | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((item, error), timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for item in items:
                hand_over(item, None)
                if stopped.is_set():
                    return
            hand_over(None, StopIteration())
        except BaseException as error:  # it is the reader's caller who is to know
            hand_over(None, error)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=copy_context().run, args=(read,), name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # an item, where there is no error
    finally:
        stopped.set()
        thread.join()
