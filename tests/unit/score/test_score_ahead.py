"""Reading ahead: the same items, the same errors, no thread left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tenure.scoring.ahead import ahead


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_the_items_in_their_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([None, 0]))) == [None, 0]


def test_an_error_comes_where_it_was_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the table is gone")

    found = []
    with pytest.raises(OSError, match="the table is gone"):
        for item in ahead(items()):
            found.append(item)
    assert found == [1]


def test_one_item_is_made_ready_while_another_is_used() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    reading = ahead(items())
    assert next(reading) == 0
    deadline = time.monotonic() + 10
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    # One is in use, one waits, and one was made to follow it; no more, or a table of any size would be in memory.
    assert made == [0, 1, 2]
    reading.close()


def test_who_stops_early_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    reading = ahead(items())
    next(reading)
    reading.close()
    assert closed.is_set()
