"""Single rows that arrive in one turn of the event loop are predicted in one batch; errors affect one row only."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from serving.admission.gate import Gate
from serving.inference import answering
from serving.inference.answering import Answering
from serving.inference.call import Answered, Call
from serving.inference.failures import Failure
from serving.inference.hooks import Hooks, Predicted
from serving.v2.query import Query
from serving.v2.request import Options
from tenure.errors import InputError


class Model:
    """Predicts each row's own value; raises for "poison"."""

    name = "telco"
    uses_today = False

    def __init__(self) -> None:
        self.bundle = SimpleNamespace(version="v", predict_each=self.predict_each)
        self.batches: list[int] = []
        self.alone = 0

    def predict_each(self, rows: list[Any]) -> list[Any]:
        self.batches.append(len(rows))
        return [InputError("a is bad") if row["a"] == ["bad"] else self._said(row) for row in rows]

    def predict_query(self, query: Query) -> Any:
        self.alone += 1
        return self._said(query.columns)

    @staticmethod
    def _said(row: Any) -> Any:
        if row["a"] == ["poison"]:
            raise RuntimeError("the kernel is gone")
        return row["a"][0]


class Exchange:
    def __init__(self, value: str) -> None:
        self.value = value

    size = 1

    def name_model(self, _: Call) -> None:
        """The call names it."""

    def read(self, _: Any) -> Query:
        return Query({"a": [self.value]}, 1, Options(), None, None)

    def write(self, _: Any, __: Any, prediction: str, ___: str, fallback: str) -> str:
        return f"{prediction} {fallback}".strip()

    def fail(self, failure: Failure) -> str:
        return f"{failure.http} {failure.message}"


class Open:
    """A guard whose breaker is open."""

    def predict(self, *_: Any) -> Predicted:
        return Predicted("base rate", "model")  # type: ignore[arg-type]


def ask(values: list[str], guard: Any = None) -> tuple[list[str], Model]:
    model = Model()
    models: Any = SimpleNamespace(find=lambda _name, _version: model)
    server = Answering(models, Hooks(guard=guard))

    async def run() -> list[str]:
        calls = [Call("POST", "/", "telco", None, [], f"id-{place}") for place in range(len(values))]
        asked = zip(calls, values, strict=True)
        return await asyncio.gather(*(server.answered(call, Exchange(value)) for call, value in asked))  # type: ignore[arg-type]

    return asyncio.run(run()), model


def test_they_go_to_the_model_together_and_one_bad_row_is_its_own() -> None:
    said, model = ask(["x", "bad", "y"])
    assert said == ["x", "400 a is bad", "y"]
    assert (model.batches, model.alone) == ([3], 0)


def test_more_than_fit_go_in_several_calls() -> None:
    said, model = ask([str(number) for number in range(130)])
    assert said == [str(number) for number in range(130)]
    assert model.batches == [64, 64, 2]


def test_a_row_that_is_too_much_for_the_model_fails_alone() -> None:
    said, model = ask(["x", "poison", "y"])
    assert [said[0], said[2]] == ["x", "y"]
    assert said[1].startswith("500 the model failed")
    assert (model.batches, model.alone) == ([3], 3), "together once, not once a row"


def test_a_model_behind_an_open_breaker_does_not_run() -> None:
    said, model = ask(["x", "y"], Open())
    assert said == ["base rate model"] * 2
    assert (model.batches, model.alone) == ([], 0)


@pytest.mark.parametrize("rows", [1, 2, answering.INLINE_ROWS + 1])
def test_an_answer_that_cannot_be_sent_is_given_once_and_leaves_no_request_in_flight(rows: int) -> None:
    model = Model()
    gate = Gate(None, max_in_flight=1, max_rows=1000, max_s=20.0)
    noted: list[Answered] = []
    models: Any = SimpleNamespace(find=lambda _name, _version: model)
    server = Answering(models, Hooks(admission=gate, observers=[SimpleNamespace(note=noted.append)]))
    sent: list[str] = []

    class Many(Exchange):
        def read(self, _: Any) -> Query:
            return Query({"a": ["x"] * rows}, rows, Options(), None, None)

    def broken(answer: str) -> None:
        sent.append(answer)
        raise ConnectionError("the connection is gone")

    async def run() -> None:
        server.answer(Call("POST", "/", "telco", None, [], "id"), Many("x"), broken)  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            while not noted:
                await asyncio.sleep(0.001)

    asyncio.run(run())
    assert (sent, gate.in_flight) == (["x"], 0)
    assert [answered.code for answered in noted] == [200]
