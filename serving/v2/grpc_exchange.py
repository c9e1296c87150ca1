"""A V2 request over gRPC, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.inference.failures import Failure
from serving.v2 import grpc as wire
from serving.v2.answer import output_tensors
from serving.v2.errors import RequestError
from serving.v2.grpc_one_row import OneRowMessages
from serving.v2.query import Query
from tenure.bundle import Prediction

if TYPE_CHECKING:
    from serving.inference.model import ChurnModel

BROKEN = "the message is truncated, or is not of the method's type"

_one_row_messages = OneRowMessages()


class GrpcExchange:
    """An ``Exchange`` in V2 over gRPC.

    Args:
        content: the message's bytes.

    Attributes:
        model, version: as they are in the request.

    Raises:
        RequestError: the bytes are not a request message.
    """

    __slots__ = ("_content", "_in_binary", "_message", "_one_row_message", "model", "version")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._one_row_message = one_row = _one_row_messages.read(content)
        self._message: pb.ModelInferRequest | None = None
        if one_row is None:
            self._message = message = _parsed(content)
            self.model, self.version = message.model_name, message.model_version
            self._in_binary = bool(message.raw_input_contents)
        else:
            self.model, self.version, self._in_binary = one_row.model, one_row.version, one_row.in_binary

    def read(self, model: ChurnModel) -> Query:
        one_row = self._one_row_message
        if one_row is not None:
            query = model.one_row.query(one_row.columns, one_row.id or None)
            if query is not None:
                return query
            self._one_row_message = None
            self._message = _parsed(self._content)
        return model.query(wire.read_request(self._message))

    def write(self, model: ChurnModel, query: Query, prediction: Prediction, answer_id: str, fallback: str) -> bytes:
        if self._one_row_message is not None and not fallback:
            writer = model.one_row_binary_writer if self._in_binary else model.one_row_message_writer
            content = writer.write(prediction, answer_id)
            if content is not None:
                return content
        outputs = output_tensors(prediction, query.options.explain, query.outputs)
        answer = wire.write_answer(
            model.name, model.bundle.version, answer_id, outputs, in_binary=self._in_binary, fallback=fallback
        )
        return answer.SerializeToString()  # type: ignore[no-any-return]  # protobuf has no stubs

    def fail(self, failure: Failure) -> Failure:
        return failure


def _parsed(content: bytes) -> pb.ModelInferRequest:
    try:
        return pb.ModelInferRequest.FromString(content)
    except DecodeError:
        raise RequestError(BROKEN) from None
