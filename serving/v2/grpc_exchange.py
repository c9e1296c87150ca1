"""A V2 request over gRPC, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.inference.failures import Failure
from serving.v2 import grpc as wire
from serving.v2.answer import output_tensors
from serving.v2.errors import RequestError
from serving.v2.grpc_fields import Fields, divide
from serving.v2.grpc_one_row import OneRowMessages
from serving.v2.query import Query
from tenure.bundle import Prediction

if TYPE_CHECKING:
    from serving.inference.call import Call
    from serving.inference.model import ChurnModel

BROKEN = "the message is truncated, or is not of the method's type"

_MAX_UNUSUAL_BYTES = 64 * 1024
"""Of a message that cannot be divided: protobuf parses it as a whole, into up to fifty times its bytes."""
_TYPED_EXPANSION, _RAW_EXPANSION = 8, 2
"""Bytes in memory for each of a tensor: a small number takes one in the message, and nine as an element of a list."""

_one_row_messages = OneRowMessages()


class GrpcExchange:
    """An ``Exchange`` in V2 over gRPC.

    Args:
        content: the message's bytes.
    """

    __slots__ = ("_content", "_fields", "_in_binary", "_one_row", "size")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._fields: Fields | None = None
        self.size = len(content)

    def expansion(self) -> int:
        self._fields = fields = divide(self._content)
        if fields is None:
            if self.size > _MAX_UNUSUAL_BYTES:
                raise RequestError(BROKEN)
            return _TYPED_EXPANSION * self.size
        return _TYPED_EXPANSION * sum(map(len, fields.inputs)) + _RAW_EXPANSION * sum(map(len, fields.raw))

    def name_model(self, call: Call) -> None:
        if self._fields is None:
            self._fields = divide(self._content)
        fields = self._fields
        self._one_row = one_row = None if fields is None else _one_row_messages.read(fields)
        if one_row is None:
            message = self._rest()
            call.model, call.version = message.model_name, message.model_version or None
            self._in_binary = bool(message.raw_input_contents if fields is None else fields.raw)
        else:
            call.model, call.version = one_row.model, one_row.version or None
            self._in_binary = one_row.in_binary

    def read(self, model: ChurnModel) -> Query:
        fields, one_row = self._fields, self._one_row
        if one_row is not None:
            query = model.one_row.query(one_row.columns, one_row.id or None)
            if query is not None:
                return query
            self._one_row = None
        message = self._rest()
        if fields is None:
            return model.query(wire.read_request(message.inputs, message.raw_input_contents, message))
        inputs = [_parsed(pb.ModelInferRequest.InferInputTensor, tensor) for tensor in fields.inputs]
        return model.query(wire.read_request(inputs, fields.raw, message))

    def write(self, model: ChurnModel, query: Query, prediction: Prediction, answer_id: str, fallback: str) -> bytes:
        if self._one_row is not None and not fallback:
            writer = model.one_row_binary_writer if self._in_binary else model.one_row_message_writer
            content = writer.write(prediction, answer_id)
            if content is not None:
                return content
        outputs = output_tensors(prediction, query.options.explain, query.outputs, model.added)
        answer = wire.write_answer(
            model.name, model.bundle.version, answer_id, outputs, in_binary=self._in_binary, fallback=fallback
        )
        return answer.SerializeToString()  # type: ignore[no-any-return]  # protobuf has no stubs

    def fail(self, failure: Failure) -> Failure:
        return failure

    def _rest(self) -> pb.ModelInferRequest:
        """The message without its tensors, if they could be divided from it."""
        fields = self._fields
        return _parsed(pb.ModelInferRequest, self._content if fields is None else fields.rest)


def _parsed(kind: Any, content: bytes) -> Any:
    """A message of protobuf's class ``kind``; raises ``RequestError`` if ``content`` is not one."""
    try:
        return kind.FromString(content)
    except DecodeError:
        raise RequestError(BROKEN) from None
