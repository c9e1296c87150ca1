"""Read-ahead: the next part is read while this one is scored. Arrow and ONNX Runtime release the GIL."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextvars import copy_context
from typing import TypeVar

_POLL_S = 0.1

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield ``items``; a thread prepares the next one while the caller uses the current one.

    An exception of the iterator is raised here, at its place in the sequence. A caller that stops early closes the
    generator, and the thread then closes the iterator.
    """
    ready: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(item: Item | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((item, error), timeout=_POLL_S)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for item in items:
                put(item, None)
                if stopped.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:  # raised again in the caller's thread
            put(None, error)
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
