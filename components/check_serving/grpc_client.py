"""V2 requests over gRPC.

Steps do not import KServe, which contains the generated messages. The few messages needed are declared here, with the
field numbers of https://github.com/kserve/open-inference-protocol (specification/protocol/open_inference_grpc.proto).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from components.check_serving.rows import Columns
from tenure.contract import Column, Contract
from tenure.contract.sources import assembly_of
from tenure.contract.written_numbers import written
from tenure.errors import ServingError
from tenure.features.sent_rows import SentRows
from tenure.tasks import get

_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES: dict[str, tuple[tuple[str, int, int, bool, str], ...]] = {
    "Contents": (("bytes_contents", 8, _FIELD.TYPE_BYTES, True, ""),),
    "Tensor": (
        ("name", 1, _FIELD.TYPE_STRING, False, ""),
        ("datatype", 2, _FIELD.TYPE_STRING, False, ""),
        ("shape", 3, _FIELD.TYPE_INT64, True, ""),
        ("contents", 5, _FIELD.TYPE_MESSAGE, False, "Contents"),
    ),
    "Parameter": (("string_param", 3, _FIELD.TYPE_STRING, False, ""),),
    # A map is encoded as its entries.
    "Entry": (
        ("key", 1, _FIELD.TYPE_STRING, False, ""),
        ("value", 2, _FIELD.TYPE_MESSAGE, False, "Parameter"),
    ),
    "Request": (
        ("model_name", 1, _FIELD.TYPE_STRING, False, ""),
        ("parameters", 4, _FIELD.TYPE_MESSAGE, True, "Entry"),
        ("inputs", 5, _FIELD.TYPE_MESSAGE, True, "Tensor"),
        ("raw_input_contents", 7, _FIELD.TYPE_BYTES, True, ""),
    ),
    "Answer": (
        ("model_version", 2, _FIELD.TYPE_STRING, False, ""),
        ("outputs", 5, _FIELD.TYPE_MESSAGE, True, "Tensor"),
        ("raw_output_contents", 6, _FIELD.TYPE_BYTES, True, ""),
    ),
}
"""Name, number, type, whether repeated, and message type of each field."""

_METHOD = "/inference.GRPCInferenceService/ModelInfer"


class GrpcClient:
    """A connection to one model."""

    def __init__(self, port: int, model: str, timeout_s: float) -> None:
        classes = _message_classes()
        self._request, self._answer = classes["Request"], classes["Answer"]
        self._model = model
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)])
        self._call = self._channel.unary_unary(
            _METHOD,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._answer.FromString,
        )

    def predict(self, columns: Columns, contract: Contract) -> tuple[list[float], list[bool]]:
        """Probability, or value, and decision of every row.

        Inputs are sent as text in the raw binary format; a missing value is an empty text.

        Raises:
            ServingError: the request fails.
        """
        request = self._request(model_name=self._model)
        for name, values in columns.items():
            _add(request, name, values, contract.accepted[name])
        return self._ask(request, len(next(iter(columns.values()))), contract)

    def predict_tables(self, sent: SentRows, contract: Contract, as_of: str) -> tuple[list[float], list[bool]]:
        """As ``predict``, for inputs that the server computes from the rows of tables as of an instant."""
        request = self._request(model_name=self._model)
        entry = request.parameters.add(key="as_of")
        entry.value.string_param = as_of
        for name, values in sent.customers.items():
            _add(request, name, values, contract.row_columns[name])
        described = assembly_of(contract).tables
        for table, columns in sent.tables.items():
            for name, values in columns.items():
                _add(request, f"{table}.{name}", values, described[table].columns[name])
        return self._ask(request, len(sent), contract)

    def _ask(self, request: Any, rows: int, contract: Contract) -> tuple[list[float], list[bool]]:
        try:
            answer = self._call(request, timeout=self._timeout_s)
        except grpc.RpcError as error:
            raise ServingError(f"gRPC: {error.code().name}: {error.details()}") from None
        raw = {output.name: answer.raw_output_contents[place] for place, output in enumerate(answer.outputs)}
        score = raw[get(contract.task).outputs.score]
        return list(struct.unpack(f"<{rows}d", score)), list(struct.unpack(f"<{rows}?", raw["decision"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()


def text_of(value: Any, column: Column) -> str:
    """A value as text that the contract reads; empty for a missing one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        words = column.values or ("false", "true")
        return words[int(value)]
    form = column.number_format
    return str(value) if form is None or isinstance(value, str) else written(value, form)


def _add(request: Any, name: str, values: Sequence[Any], column: Column) -> None:
    """Add a tensor of texts."""
    request.inputs.add(name=name, datatype="BYTES", shape=[len(values)])
    request.raw_input_contents.append(b"".join(_binary(text_of(value, column)) for value in values))


def _binary(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded


def _message_classes() -> dict[str, Any]:
    """Classes of the messages, in their own descriptor pool because KServe's may be loaded in the same process."""
    file = descriptor_pb2.FileDescriptorProto(name="check_serving.proto", package="check_serving", syntax="proto3")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, number, kind, repeated, message_type in fields:
            label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            field = described.field.add(name=name, number=number, type=kind, label=label)
            if message_type:
                field.type_name = f".check_serving.{message_type}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"check_serving.{name}") for name in _MESSAGES}
    return {name: message_factory.GetMessageClass(descriptor) for name, descriptor in found.items()}
