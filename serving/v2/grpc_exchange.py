"""A V2 request over gRPC, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.failures import Failure
from serving.v2 import grpc as wire
from serving.v2.answer import output_tensors
from serving.v2.query import Query
from tenure.bundle import AnyPrediction

if TYPE_CHECKING:
    from serving.model import ChurnModel


class GrpcExchange:
    """
    Args:
        message: the request.
    """

    __slots__ = ("_message",)

    def __init__(self, message: pb.ModelInferRequest) -> None:
        self._message = message

    def read(self, model: ChurnModel) -> Query:
        return model.query(wire.read_request(self._message))

    def write(
        self, model: ChurnModel, query: Query, prediction: AnyPrediction, answer_id: str, fallback: str
    ) -> pb.ModelInferResponse:
        outputs = output_tensors(prediction, query.options.explain, query.outputs)
        in_binary = bool(self._message.raw_input_contents)
        version = model.bundle.version
        return wire.write_answer(model.name, version, answer_id, outputs, in_binary=in_binary, fallback=fallback)

    def fail(self, failure: Failure) -> Failure:
        return failure
