"""The body of a request is parsed once, and a large one away from the event loop. Parses are counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.inference.answering import INLINE_BYTES, Answering
from serving.inference.call import Call
from serving.inference.hooks import Hooks
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from serving.v1 import V1Exchange
from serving.v2 import grpc_exchange, json_pieces, one_row
from serving.v2.exchange import V2Exchange
from serving.v2.grpc_exchange import GrpcExchange
from serving.v2.json_tensors import OneValueTensors
from tenure import bundle
from tenure.protocol import infer_request

MANY = 300


@pytest.fixture(scope="module")
def answering(small_bundle: Any) -> Answering:
    models = Models()
    models.replace(ChurnModel("telco", bundle.read(small_bundle.folder)))
    return Answering(models, Hooks())


def columns(small_bundle: Any, rows: int) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:rows] for name in small_bundle.rows.column_names}


def v2(sent: dict[str, list]) -> tuple[Callable[[bytes], Any], bytes]:
    return (lambda body: V2Exchange(body, None)), orjson.dumps(infer_request(sent))


def v1(sent: dict[str, list]) -> tuple[Callable[[bytes], Any], bytes]:
    instances = [dict(zip(sent, row, strict=True)) for row in zip(*sent.values(), strict=True)]
    return V1Exchange, orjson.dumps({"instances": instances})


def grpc(sent: dict[str, list]) -> tuple[Callable[[bytes], Any], bytes]:
    message = pb.ModelInferRequest(model_name="telco")
    for name, values in sent.items():
        tensor = message.inputs.add(name=name, datatype="BYTES", shape=[len(values)])
        tensor.contents.bytes_contents.extend(value.encode() for value in values)
    return GrpcExchange, message.SerializeToString()


class Watched:
    """An exchange that notes on which thread its methods run."""

    def __init__(self, exchange: Any, noted: list[tuple[str, int]]) -> None:
        self._exchange, self._noted = exchange, noted
        self.size = exchange.size

    def __getattr__(self, name: str) -> Any:
        self._noted.append((name, threading.get_ident()))
        return getattr(self._exchange, name)


def answer(answering: Answering, exchange: Any) -> Any:
    async def run() -> Any:
        return await answering.answered(Call("POST", "/", "telco", None, (), "id"), exchange)

    return asyncio.run(run())


@pytest.mark.parametrize("rows", [1, 2, MANY])
@pytest.mark.parametrize("protocol", [v2, v1])
def test_json_is_parsed_once(
    answering: Answering, small_bundle: Any, protocol: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, body = protocol(columns(small_bundle, rows))
    parsed: list[int] = []
    loads = json_pieces.loads

    def counted(text: bytes, member: str) -> Any:
        parsed.append(threading.get_ident())
        return loads(text, member)

    monkeypatch.setattr(json_pieces, "loads", counted)
    monkeypatch.setattr(one_row, "_tensors", OneValueTensors())  # no text is known from an earlier body
    assert answer(answering, make(body)).status == 200
    assert len(parsed) == 1
    assert (len(body) > INLINE_BYTES) == (rows == MANY)
    assert (parsed[0] == threading.get_ident()) == (rows < MANY)


@pytest.mark.parametrize("rows", [1, 2, MANY])
def test_tensors_of_grpc_are_parsed_once(
    answering: Answering, small_bundle: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = columns(small_bundle, rows)
    _, body = grpc(sent)
    parsed: list[bytes] = []
    tensor_type = pb.ModelInferRequest.InferInputTensor

    class Counted:
        @staticmethod
        def FromString(content: bytes) -> Any:
            parsed.append(content)
            return tensor_type.FromString(content)

    counted = type("pb", (), {**vars(pb), "ModelInferRequest": type("Request", (), {
        "InferInputTensor": Counted, "FromString": pb.ModelInferRequest.FromString})})  # fmt: skip
    monkeypatch.setattr(grpc_exchange, "pb", counted)
    assert isinstance(answer(answering, GrpcExchange(body)), bytes)
    assert len(parsed) == (len(sent) if rows > 1 else 0)
    assert len(set(parsed)) == len(parsed)


@pytest.mark.parametrize("protocol", [v2, v1, grpc])
def test_a_large_request_is_read_and_written_on_one_thread(
    answering: Answering, small_bundle: Any, protocol: Any
) -> None:
    for rows, on_loop in ((2, True), (MANY, False)):
        make, body = protocol(columns(small_bundle, rows))
        noted: list[tuple[str, int]] = []
        answer(answering, Watched(make(body), noted))
        assert [name for name, _ in noted] == [*([] if on_loop else ["expansion"]), "name_model", "read", "write"]
        assert {thread == threading.get_ident() for _, thread in noted} == {on_loop}
        assert len({thread for _, thread in noted}) == 1


@pytest.mark.parametrize("protocol", [v2, v1])
def test_a_large_body_that_is_not_json_is_a_400(answering: Answering, small_bundle: Any, protocol: Any) -> None:
    make, body = protocol(columns(small_bundle, MANY))
    sent = answer(answering, make(body[:-1]))
    assert sent.status == 400
    assert b"the body is not JSON" in sent.content
