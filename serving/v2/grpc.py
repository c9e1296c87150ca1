"""V2 over gRPC: reads and writes KServe's protobuf messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.v2 import tensors
from serving.v2.answer import OutputTensor
from serving.v2.errors import RequestError, quote
from serving.v2.request import Request, check_distinct, read_options
from serving.v2.tensors import DATATYPES, Tensor, to_binary

_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Field of ``InferTensorContents`` that holds a datatype's values; FP16 has a binary form only."""


def read_request(
    inputs: Sequence[pb.ModelInferRequest.InferInputTensor], raw: Sequence[bytes], rest: pb.ModelInferRequest
) -> Request:
    """Read a request.

    Args:
        inputs: the message's inputs.
        raw: its contents in binary form.
        rest: a message with the other fields.

    Raises:
        RequestError: the request is invalid; the message is one line for the client.
    """
    if not inputs:
        raise RequestError("the request has no inputs: one tensor a column is expected")
    if raw and len(raw) != len(inputs):
        raise RequestError(f"{len(inputs)} inputs, but {len(raw)} raw input contents")
    read = [read_tensor(entry, raw[place] if raw else None) for place, entry in enumerate(inputs)]
    parameters = {name: _parameter(value) for name, value in rest.parameters.items()}
    names = [output.name for output in rest.outputs]
    check_distinct(names)
    return Request(read, read_options(parameters), names or None, rest.id or None)


def write_answer(
    model: str, version: str, request_id: str, outputs: Sequence[OutputTensor], *, in_binary: bool, fallback: str = ""
) -> pb.ModelInferResponse:
    """The answer, with binary or typed contents, and with ``fallback`` as a parameter unless it is empty."""
    answer = pb.ModelInferResponse(model_name=model, model_version=version, id=request_id)
    if fallback:
        answer.parameters["fallback"].string_param = fallback
    for output in outputs:
        described = answer.outputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
        if in_binary:
            answer.raw_output_contents.append(to_binary(output.datatype, output.values))
            continue
        values: Any = output.values
        if output.datatype == "BYTES":
            values = [text.encode() for text in values]
        getattr(described.contents, _CONTENTS[output.datatype]).extend(values)
    return answer


def read_tensor(entry: pb.ModelInferRequest.InferInputTensor, raw: bytes | None) -> Tensor:
    """Read one input; ``raw`` is its content in binary form, if any.

    Raises:
        RequestError: the request is invalid; the message is one line for the client.
    """
    name, datatype, shape = entry.name, entry.datatype, list(entry.shape)
    if raw is not None:
        if entry.HasField("contents"):
            raise RequestError(f"input {quote(name)} has both contents and raw input contents")
        return tensors.from_binary(name, datatype, shape, raw)
    if datatype not in _CONTENTS:
        if datatype in DATATYPES:
            raise RequestError(f"input {quote(name)}: {datatype} comes as raw input contents only")
        tensors.rows_of(name, datatype, shape)
    return tensors.from_contents(name, datatype, shape, getattr(entry.contents, _CONTENTS[datatype]))


def _parameter(value: pb.InferParameter) -> object:
    choice = value.WhichOneof("parameter_choice")
    return None if choice is None else getattr(value, choice)
