"""A deadline for every answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tenure.errors import DataError, SourceError
from tenure.sources.watchdog import watched


def test_items_come_in_order() -> None:
    def produce() -> Iterator[int]:
        yield from range(100)

    assert list(watched(produce, 5.0, "it")) == list(range(100))


def test_an_error_is_passed_on_after_the_items_before_it() -> None:
    def produce() -> Iterator[int]:
        yield 1
        raise DataError("broken")

    items = watched(produce, 5.0, "it")
    assert next(items) == 1
    with pytest.raises(DataError, match="broken"):
        next(items)


def test_a_late_answer_is_an_error() -> None:
    release = threading.Event()

    def produce() -> Iterator[int]:
        yield 1
        release.wait(10)
        yield 2

    items = watched(produce, 0.05, "the database")
    assert next(items) == 1
    with pytest.raises(SourceError, match=r"the database did not answer within 0\.05 s"):
        next(items)
    release.set()


def test_closing_ends_the_producer() -> None:
    ended = threading.Event()

    def produce() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    items = watched(produce, 5.0, "it")
    next(items)
    items.close()
    assert ended.wait(5)
