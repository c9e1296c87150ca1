"""Outputs of a bundle's additions in answers: in all protocols as ``Bundle.predict`` gives them, and only if named."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from bundle_variants import accompanied, clustered
from hypothesis import given, settings
from hypothesis import strategies as st
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from property_profiles import examples

from serving.http.openapi import document, page
from serving.inference.answer_cache import AnswerCache
from serving.inference.answering import Answering
from serving.inference.call import Call
from serving.inference.hooks import Hooks
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from serving.resilience import Breaker, Guard
from serving.v1 import V1Exchange
from serving.v2.exchange import V2Exchange
from serving.v2.grpc_exchange import GrpcExchange
from tenure import bundle
from tenure.bundle import Bundle
from tenure.bundle.additions.kinds.clusters import Clusters
from tenure.protocol import infer_request


class Table(dict[str, list]):
    """Columns by name; short where a failing example is printed."""

    def __repr__(self) -> str:
        return f"{len(self)} columns"


@pytest.fixture(scope="module")
def folders(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """With clusters and a companion; and the same without clusters."""
    made = tmp_path_factory.mktemp("added")
    accompanied(small_bundle.folder, made / "plain")
    clustered(made / "plain", made / "clustered")
    return made / "clustered", made / "plain"


@pytest.fixture(scope="module")
def loaded(folders: tuple[Path, Path]) -> Bundle:
    return bundle.read(folders[0])


@pytest.fixture(scope="module")
def table(small_bundle: Any) -> Table:
    return Table({name: small_bundle.rows[name].to_pylist() for name in small_bundle.rows.column_names})


class Server:
    def __init__(self, loaded: Bundle, *, guarded: bool = False, cache: AnswerCache | None = None) -> None:
        models = Models()
        self.model = ChurnModel("telco", loaded)
        models.replace(self.model)
        guard = Guard(lambda _model, _part: Breaker(failures=1)) if guarded else None
        self._answering = Answering(models, Hooks(guard=guard, cache=cache))

    def _answer(self, exchange: Any) -> Any:
        async def run() -> Any:
            return await self._answering.answered(Call("POST", "/", "telco", None, [], "id"), exchange)

        return asyncio.run(run())

    def v2(self, rows: dict[str, list], outputs: list[str] | None = None, **options: Any) -> dict[str, Any]:
        """Values by output."""
        body = infer_request(rows, **options)
        if outputs is not None:
            body["outputs"] = [{"name": name} for name in outputs]
        answer = self._answer(V2Exchange(orjson.dumps(body), None))
        found = orjson.loads(answer.content)
        if answer.status != 200:
            raise AssertionError(found["error"])
        return {output["name"]: output["data"] for output in found["outputs"]}

    def v1(self, rows: dict[str, list], outputs: list[str] | None = None) -> list[dict[str, Any]]:
        instances = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
        body: dict[str, Any] = {"instances": instances}
        if outputs is not None:
            body["parameters"] = {"outputs": outputs}
        return orjson.loads(self._answer(V1Exchange(orjson.dumps(body))).content)["predictions"]

    def grpc(self, rows: dict[str, list], outputs: list[str] | None = None) -> dict[str, Any]:
        message = pb.ModelInferRequest(model_name="telco")
        for name, values in rows.items():
            tensor = message.inputs.add(name=name, datatype="BYTES", shape=[len(values)])
            tensor.contents.bytes_contents.extend(str(value).encode() for value in values)
        for name in outputs or ():
            message.outputs.add(name=name)
        answer = pb.ModelInferResponse.FromString(self._answer(GrpcExchange(message.SerializeToString())))
        return {output.name: _values(output.contents) for output in answer.outputs}


def _values(contents: Any) -> list[Any]:
    texts = [text.decode() for text in contents.bytes_contents]
    return texts or list(contents.fp64_contents) or list(contents.bool_contents)


def rows_of(table: dict[str, list], start: int, count: int) -> dict[str, list]:
    return {name: values[start : start + count] for name, values in table.items()}


@settings(max_examples=examples(40), deadline=None)
@given(start=st.integers(0, 500), count=st.sampled_from([1, 1, 2, 70]))
def test_every_protocol_answers_as_the_bundle_predicts(loaded: Bundle, table: Table, start: int, count: int) -> None:
    server, rows = Server(loaded), rows_of(table, start, count)
    predicted = loaded.predict(rows, additions=True)
    assert predicted.added is not None
    clusters = predicted.added["cluster"]
    assert server.v2(rows, ["cluster"]) == {"cluster": clusters}
    assert server.grpc(rows, ["cluster"]) == {"cluster": clusters}
    assert server.v1(rows, ["cluster"]) == [{"cluster": name} for name in clusters]
    asked = server.v2(rows, ["probability", "cluster"])
    np.testing.assert_allclose(asked["probability"], predicted.score, rtol=1e-6)
    explained = server.v2(rows, ["cluster", "reasons"], explain=2)
    assert explained["cluster"] == clusters and len(explained["reasons"]) == 2 * count


def test_a_request_that_names_none_is_answered_as_without_additions(
    loaded: Bundle, folders: tuple[Path, Path], table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Clusters, "values")
    server, without = Server(loaded), Server(bundle.read(folders[1]))
    for count in (1, 3):
        rows = rows_of(table, 5, count)
        assert server.v2(rows) == without.v2(rows)
        assert server.v1(rows) == without.v1(rows)
        assert server.grpc(rows) == without.grpc(rows)
        assert server.v2(rows, ["band"]) == without.v2(rows, ["band"])


def test_the_outputs_of_a_model_without_them_are_refused(folders: tuple[Path, Path], table: Table) -> None:
    server = Server(bundle.read(folders[1]))
    with pytest.raises(AssertionError, match="no output 'cluster'; the outputs are probability"):
        server.v2(rows_of(table, 0, 1), ["cluster"])


def test_metadata_and_documentation_name_them(loaded: Bundle) -> None:
    model = ChurnModel("telco", loaded)
    assert model.output_types()[-1] == {"name": "cluster", "datatype": "BYTES", "shape": [-1]}
    paths = document([model], "http://server")["paths"]
    body = paths["/v2/models/telco/infer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "cluster" in body["properties"]["outputs"]["items"]["properties"]["name"]["enum"]
    assert "2: cluster 2 of the test" in body["properties"]["outputs"]["description"]
    answer = paths["/v1/models/telco:predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["predictions"]["items"]["properties"]["cluster"]["type"] == "string"
    assert "2: cluster 2 of the test" in page([model], "http://server")


def test_the_cache_keeps_both_kinds_apart(loaded: Bundle, table: Table) -> None:
    server, rows = Server(loaded, cache=AnswerCache(10, 60.0)), rows_of(table, 3, 1)
    plain = server.v2(rows)
    clusters = server.v2(rows, ["cluster"])
    assert server.v2(rows) == plain and server.v2(rows, ["cluster"]) == clusters


def test_a_failing_addition_leaves_the_model_in_service(
    loaded: Bundle, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(Clusters, "values", fail)
    server, rows = Server(loaded, guarded=True), rows_of(table, 3, 2)
    plain = server.v2(rows, ["probability"])
    assert server.v2(rows, ["probability", "cluster"]) == {**plain, "cluster": ["", ""]}
    explained = server.v2(rows, ["cluster", "reasons"], explain=1)
    assert explained["cluster"] == ["", ""] and all(explained["reasons"])
    assert server.v2(rows, ["probability"]) == plain


def test_a_fallback_of_the_companion_has_them_and_the_base_rate_has_none(loaded: Bundle, table: Table) -> None:
    class Broken:
        def run(self, *_: Any) -> Any:
            raise RuntimeError("broken")

    rows = rows_of(table, 3, 2)
    expected = Server(loaded).v2(rows, ["cluster"])
    failing: Any = Broken()
    assert Server(replace(loaded, model=failing), guarded=True).v2(rows, ["cluster"]) == expected
    alone = Server(replace(loaded, model=failing, companion=None), guarded=True)
    assert alone.v2(rows, ["cluster"]) == {"cluster": ["", ""]}
    assert alone.v1(rows, ["cluster"]) == [{"cluster": ""}] * 2
