"""The cache: which requests are equal, and which are evicted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.inference.answer_cache import MAX_KEY_BYTES, MAX_ROWS, AnswerCache
from serving.lifecycle import arguments
from serving.observation import metrics
from serving.observation.metrics import instruments
from serving.v2.query import Query
from serving.v2.request import Options

NAMES = ("a", "b", "c")


@pytest.fixture(autouse=True)
def new_counts() -> None:
    metrics.share(1)
    metrics.take(0)


def model(version: str = "v1", name: str = "telco") -> Any:
    return SimpleNamespace(
        name=name, bundle=SimpleNamespace(version=version, contract=SimpleNamespace(inputs=dict.fromkeys(NAMES)))
    )


def query(options: Options | None = None, rows: int = 1, **columns: Any) -> Query:
    return Query(columns, rows, options or Options(), None, None)


def counted() -> dict[str, float]:
    family = next(family for family in instruments.collect() if family.name == "tenure_cache")
    return {sample.labels["outcome"]: sample.value for sample in family.samples if sample.labels["model"] == "telco"}


def test_the_same_rows_are_found_whatever_the_order_of_columns() -> None:
    cache = AnswerCache(10, 60.0)
    answer: Any = object()
    cache.put(model(), query(a=[1], b=["x"], c=[None]), answer)
    assert cache.get(model(), query(c=[None], b=["x"], a=[1])) is answer
    assert cache.get(model(), query(c=[float("nan")], b=[b"x"], a=[1])) is answer
    assert counted()["hit"] == 2


OTHERS: list[Callable[[AnswerCache], Any]] = [
    lambda cache: cache.get(model("v2"), query(a=[1], b=["x"])),
    lambda cache: cache.get(model(name="other"), query(a=[1], b=["x"])),
    lambda cache: cache.get(model(), query(Options(explain=1), a=[1], b=["x"])),
    lambda cache: cache.get(model(), query(Options(threshold=0.5), a=[1], b=["x"])),
    lambda cache: cache.get(model(), query(a=[1.0], b=["x"])),
    lambda cache: cache.get(model(), query(a=["1"], b=["x"])),
    lambda cache: cache.get(model(), query(a=[True], b=["x"])),
    lambda cache: cache.get(model(), query(a=np.array([1]), b=["x"])),
    lambda cache: cache.get(model(), query(a=[1], b=["x"], c=[None])),
    lambda cache: cache.get(model(), query(a=[1], c=["x"])),
    lambda cache: cache.get(model(), query(a=[1, 1], b=["x", "x"], rows=2)),
]


@pytest.mark.parametrize("ask", OTHERS)
def test_another_question_is_another(ask: Callable[[AnswerCache], Any]) -> None:
    cache = AnswerCache(10, 60.0)
    cache.put(model(), query(a=[1], b=["x"]), object())  # type: ignore[arg-type]
    assert ask(cache) is None
    assert cache.get(model(), query(a=[1], b=["x"])) is not None


def test_numbers_of_32_and_64_bits_are_two() -> None:
    cache = AnswerCache(10, 60.0)
    cache.put(model(), query(a=np.array([29.85], dtype=np.float32)), object())  # type: ignore[arg-type]
    assert cache.get(model(), query(a=np.array([29.85]))) is None
    assert cache.get(model(), query(a=np.array([-0.0]))) is None


def test_an_answer_is_forgotten_after_its_time() -> None:
    clock = [0.0]
    cache = AnswerCache(10, 5.0, clock=lambda: clock[0])
    cache.put(model(), query(a=[1]), object())  # type: ignore[arg-type]
    clock[0] = 4.9
    assert cache.get(model(), query(a=[1])) is not None
    clock[0] = 5.0
    assert cache.get(model(), query(a=[1])) is None
    assert (len(cache), counted()) == (0, {"hit": 1.0, "miss": 1.0, "expired": 1.0})


def test_the_least_recently_used_is_evicted() -> None:
    cache = AnswerCache(3, 60.0)
    for number in range(3):
        cache.put(model(), query(a=[number]), number)  # type: ignore[arg-type]
    cache.get(model(), query(a=[0]))
    cache.put(model(), query(a=[3]), 3)  # type: ignore[arg-type]
    assert [cache.get(model(), query(a=[number])) for number in range(4)] == [0, None, 2, 3]
    assert (len(cache), counted()["evicted"]) == (3, 1.0)


def test_the_help_says_how_large_a_request_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments.parse(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"answer a repeated request of up to {MAX_ROWS} rows" in said
    assert f"of {MAX_KEY_BYTES // 1024} KiB at most" in said


def test_what_is_not_kept() -> None:
    cache = AnswerCache(10, 60.0)
    many = MAX_ROWS + 1
    for asked in (
        query(a=[1] * many, rows=many),
        query(a=[b"\xff"]),
        query(a=["\ud800"]),
        query(a=[float("inf")]),
        query(a=np.array([-np.inf], dtype=np.float32)),
        query(a=[2**70]),
        query(a=["x" * 20_000]),
    ):
        cache.put(model(), asked, object())  # type: ignore[arg-type]
        assert cache.get(model(), asked) is None
    assert len(cache) == 0


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, -0.0, 1.0, float("nan")])
    | st.text("01ab", max_size=2)
)


@settings(max_examples=examples(200))
@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_only_what_is_the_same_is_found(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    def plain(value: Any) -> tuple[str, str]:
        missing = value is None or value != value
        return ("", "") if missing else (type(value).__name__, repr(value))

    cache = AnswerCache(10, 60.0)
    cache.put(model(), query(a=[one[0]], b=[one[1]]), object())  # type: ignore[arg-type]
    found = cache.get(model(), query(a=[other[0]], b=[other[1]]))
    assert (found is not None) == ([plain(v) for v in one] == [plain(v) for v in other])
