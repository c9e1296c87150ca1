"""The rate limit of a client."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.admission.rate import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_of_a_hundred_fills_at_a_hundred_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(100, clock=clock)
    assert [limit.wait_s("a") for _ in range(100)] == [0.0] * 100
    assert limit.wait_s("a") == pytest.approx(0.6)
    assert limit.wait_s("b") == 0.0, "each client has its own"
    clock.now += 0.601
    assert limit.wait_s("a") == 0.0
    assert limit.wait_s("a") > 0.0
    clock.now += 60.0
    assert [limit.wait_s("a") for _ in range(100)] == [0.0] * 100
    assert limit.wait_s("a") > 0.0


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    limit = RateLimit(60, burst=1, clock=clock)
    assert limit.wait_s("a") == 0.0
    for _ in range(1000):
        assert 0.0 < limit.wait_s("a") <= 1.0
    clock.now += 1.001
    assert limit.wait_s("a") == 0.0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 3.0)), max_size=80),
    st.integers(1, 20),
)
@settings(max_examples=examples(60))
def test_no_window_admits_more_than_the_bucket_and_the_rate(steps: list, burst: int) -> None:
    clock = Clock()
    limit = RateLimit(60, burst=burst, clock=clock)
    admitted: dict[str, list[float]] = {}
    for client, pause in steps:
        clock.now += pause
        if limit.wait_s(client) == 0.0:
            admitted.setdefault(client, []).append(clock.now)
    for times in admitted.values():
        for first, start in enumerate(times):
            for last in range(first, len(times)):
                assert last - first + 1 <= burst + (times[last] - start) * 1.0 + 1e-6


def test_many_clients_do_not_grow_the_memory_or_free_the_busiest() -> None:
    clock = Clock()
    limit = RateLimit(60, burst=60, clock=clock)
    while limit.wait_s("busy") == 0.0:
        pass
    for number in range(20_000):
        limit.wait_s(f"passer-by {number}")
    assert limit.wait_s("busy") > 0.0, "whose bucket is emptiest is forgotten last"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
def test_workers_share_one_limit() -> None:
    limit = RateLimit(60, burst=10, clock=lambda: 5.0)
    pid = os.fork()
    if pid == 0:
        taken = sum(limit.wait_s("a") == 0.0 for _ in range(4))
        os._exit(taken)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 4
    assert sum(limit.wait_s("a") == 0.0 for _ in range(20)) == 6
