"""Progress of long work: the library says how far it is, and whoever runs it decides where that is shown.

Library code calls ``progress``; a caller that wants to see it installs a listener::

    with listening(printed(sys.stderr)):
        train(dataset)

Without a listener nothing is reported.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Protocol, TextIO


class Listener(Protocol):
    """Receives progress: a message of a few words and, where the work can be counted, how much of it is done."""

    def __call__(self, message: str, done: int | None, total: int | None, /) -> None: ...


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def progress(message: str, done: int | None = None, total: int | None = None) -> None:
    """Report progress to the installed listener, if there is one.

    Args:
        message: a few words that describe the current work.
        done, total: units of work finished, and units in all, where the work can be counted.
    """
    listener = _listener.get()
    if listener is not None:
        listener(message, done, total)


def printed(stream: TextIO, interval_s: float = 2.0) -> Listener:
    """A listener that prints a line on ``stream``, at most one every ``interval_s`` seconds."""
    last = time.monotonic()

    def show(message: str, done: int | None, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= interval_s:
            last = now
            count = "" if done is None or total is None else f" {done:,}/{total:,}"
            print(f"{message}{count}", file=stream, flush=True)

    return show


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the progress of what runs inside the ``with`` to ``listener``; an outer listener is restored after it."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
