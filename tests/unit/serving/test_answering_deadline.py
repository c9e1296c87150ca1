"""Requests whose deadline passes while they wait for a thread or run on one. The model is a stub that blocks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from serving.admission.gate import Gate
from serving.inference.answering import INLINE_ROWS, Answering
from serving.inference.call import Answered, Call
from serving.inference.failures import Failure
from serving.inference.hooks import Hooks
from serving.v2.query import Query
from serving.v2.request import Options


class Model:
    """A model that predicts when an event is set."""

    name = "telco"
    uses_today = False
    bundle = SimpleNamespace(version="v")

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked = 0

    def predict_query(self, _: Query) -> str:
        self.asked += 1
        self.go_on.wait(20)
        return "prediction"


class Exchange:
    """A request with too many rows for the event loop."""

    size = 1

    def name_model(self, _: Call) -> None:
        """The call names it."""

    def read(self, _: Any) -> Query:
        return Query({}, INLINE_ROWS + 1, Options(), None, None)

    def write(self, _: Any, __: Any, prediction: str, ___: str, ____: str) -> str:
        return prediction

    def fail(self, failure: Failure) -> Failure:
        return failure


class Watched:
    """``Answering`` with one blocked model, and the calls of its observers."""

    def __init__(self, max_in_flight: int = 10) -> None:
        self.model = Model()
        self.gate = Gate(None, max_in_flight=max_in_flight, max_rows=1000, max_s=20.0)
        self.noted: list[Answered] = []
        models: Any = SimpleNamespace(find=lambda _name, _version: self.model)
        self.answering = Answering(models, Hooks(admission=self.gate, observers=[self]))

    def note(self, answered: Answered) -> None:
        self.noted.append(answered)

    def ask(self, timeout_ms: int) -> Any:
        headers = [(b"x-request-timeout-ms", str(timeout_ms).encode())]
        call = Call("POST", "/", "telco", None, headers, "id-1")
        refused = self.answering.admit(call)
        if refused is None:
            return self.answering.answered(call, Exchange())

        async def at_once() -> Failure:
            return refused

        return at_once()


async def until(holds: Any) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


def test_the_client_hears_at_its_deadline_and_the_work_counts_until_it_is_over() -> None:
    watched = Watched(max_in_flight=1)

    async def run() -> None:
        began = perf_counter()
        failure = await watched.ask(50)
        assert (failure.http, failure.message) == (504, "the request's deadline has passed")
        assert perf_counter() - began < 15, "it did not wait for the model"
        assert watched.gate.in_flight == 1, "the thread is still busy with it"
        assert (await watched.ask(50)).http == 503
        watched.model.go_on.set()
        await until(lambda: watched.gate.in_flight == 0)
        assert await watched.ask(15_000) == "prediction"

    try:
        asyncio.run(run())
    finally:
        watched.model.go_on.set()
    assert [answered.code for answered in watched.noted] == [504, 503, 200], "each is told once"
    assert watched.gate.in_flight == 0


def test_what_waited_too_long_for_a_thread_is_not_computed_any_more() -> None:
    watched = Watched()

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        first = asyncio.ensure_future(watched.ask(15_000))
        await until(lambda: watched.model.asked == 1)
        assert (await watched.ask(30)).http == 504
        watched.model.go_on.set()
        assert await first == "prediction"
        await until(lambda: watched.gate.in_flight == 0)

    try:
        asyncio.run(run())
    finally:
        watched.model.go_on.set()
    assert watched.model.asked == 1


def test_a_body_counts_until_the_thread_is_done_with_it() -> None:
    watched = Watched()
    memory = watched.answering.request_memory

    async def run() -> None:
        call = Call("POST", "/", "telco", None, [(b"x-request-timeout-ms", b"30")], "id-1")
        assert watched.answering.admit(call) is None
        call.held = memory.open()
        call.held.add(1_000)
        assert (await watched.answering.answered(call, Exchange())).http == 504
        call.held.release()  # as the way in does after the answer, or when the client has gone
        assert memory.held_bytes == 1_000
        watched.model.go_on.set()
        await until(lambda: memory.held_bytes == 0)

    try:
        asyncio.run(run())
    finally:
        watched.model.go_on.set()
