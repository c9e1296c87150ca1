"""The memory of requests: bytes held are counted, refused ones are not, and all are released."""

from __future__ import annotations

import pytest

from serving.admission.refusal import OverloadedError
from serving.admission.request_memory import RequestMemory
from serving.v2.errors import TooLargeError


def test_bodies_share_one_limit() -> None:
    memory = RequestMemory(100)
    one, other = memory.open(), memory.open()
    one.add(60)
    other.add(40)
    with pytest.raises(OverloadedError) as caught:
        other.add(1)
    assert (caught.value.http, caught.value.headers) == (503, (("Retry-After", "1"),))
    assert memory.held_bytes == 100
    one.release()
    one.release()
    assert memory.held_bytes == 40
    other.add(60)
    other.release()
    assert memory.held_bytes == 0


def test_without_a_limit_all_is_taken() -> None:
    held = RequestMemory().open()
    held.add(10**15)
    held.release()


def test_a_count_that_is_handed_over_outlives_the_first_one() -> None:
    memory = RequestMemory(100)
    first = memory.open()
    first.add(60)
    second = first.hand_over()
    first.release()
    assert memory.held_bytes == 60
    second.release()
    assert memory.held_bytes == 0


def test_what_a_request_takes_when_it_is_parsed_counts() -> None:
    memory = RequestMemory(100)
    one, other = memory.open(), memory.open()
    one.add(10)
    one.add_parsed(90)
    with pytest.raises(OverloadedError):
        other.add_parsed(100)
    with pytest.raises(TooLargeError):
        other.add_parsed(101)
    one.release()
    other.add_parsed(100)
