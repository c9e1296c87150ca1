"""V2 over HTTP: JSON, and the binary tensor extension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from serving.v2 import tensors
from serving.v2.answer import OutputTensor
from serving.v2.errors import RequestError, quote
from serving.v2.json_body import as_object, read_object
from serving.v2.request import Request, check_distinct, check_inputs, read_options
from serving.v2.tensors import Tensor, to_binary

JSON_LENGTH_HEADER = "inference-header-content-length"
"""Length in bytes of the JSON part, when binary tensors follow it."""


class Body(NamedTuple):
    """A parsed body."""

    document: dict[str, Any]
    content: bytes
    """The body itself."""
    json_bytes: int
    """Length of its JSON part."""


def read_body(content: bytes, json_length: str | None) -> Body:
    """Parse a request's body.

    Args:
        json_length: value of the header ``Inference-Header-Content-Length``.

    Raises:
        RequestError: the header is invalid, or the body is not a JSON object.
    """
    if json_length is None:
        return Body(read_object(content, "inputs"), content, len(content))
    json_bytes = _json_length(content, json_length)
    return Body(read_object(content[:json_bytes], "inputs"), content, json_bytes)


def read_request(body: Body) -> tuple[Request, frozenset[str] | None]:
    """Read a request from its parsed body.

    Returns:
        The request, and the names of the outputs in binary form; None for all.

    Raises:
        RequestError: the request is invalid; the message is one line for the client.
    """
    document = body.document
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise RequestError("'inputs' is missing or empty: one tensor a column is expected")
    check_inputs(len(inputs))
    binary = _Binary(body.content, body.json_bytes)
    read = [_tensor(entry, place, binary) for place, entry in enumerate(inputs, start=1)]
    binary.finish()
    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise RequestError(f"'id' is {quote(request_id)}, not a text")
    parameters = as_object(document.get("parameters") or {}, "'parameters'")
    outputs, in_binary = _outputs(document.get("outputs"), parameters.get("binary_data_output"))
    return Request(read, read_options(parameters), outputs, request_id), in_binary


def write_answer(
    model: str,
    version: str,
    request_id: str,
    outputs: Sequence[OutputTensor],
    in_binary: frozenset[str] | None,
    *,
    fallback: str = "",
) -> tuple[bytes, int | None]:
    """The answer's body, and the length of its JSON part if binary tensors follow it.

    ``fallback`` is a parameter of the answer unless it is empty.
    """
    described: list[orjson.Fragment] = []
    chunks: list[bytes] = []
    for output in outputs:
        entry: dict[str, Any] = {"name": output.name, "shape": output.shape, "datatype": output.datatype}
        if in_binary is None or output.name in in_binary:
            chunk = to_binary(output.datatype, output.values)
            entry["parameters"] = {"binary_data_size": len(chunk)}
            chunks.append(chunk)
        else:
            entry["data"] = output.values
        # One by one: orjson holds the interpreter's lock, for milliseconds if all outputs of many rows are written.
        described.append(orjson.Fragment(orjson.dumps(entry, option=orjson.OPT_SERIALIZE_NUMPY)))
    document: dict[str, Any] = {"model_name": model, "model_version": version, "id": request_id}
    if fallback:
        document["parameters"] = {"fallback": fallback}
    document["outputs"] = described
    head = orjson.dumps(document)
    return (b"".join([head, *chunks]), len(head)) if chunks else (head, None)


class _Binary:
    """The part of the body after the JSON, read in order."""

    def __init__(self, body: bytes, start: int) -> None:
        self._body = body
        self.body_bytes = len(body)
        self._offset = start

    def take(self, name: str, size: object) -> bytes:
        if type(size) is not int or size < 0:
            raise RequestError(f"input {quote(name)}: 'binary_data_size' is {quote(size)}, not a number of bytes")
        start, self._offset = self._offset, self._offset + size
        if self._offset > len(self._body):
            raise RequestError(f"input {quote(name)}: {size} bytes are announced, the body ends before them")
        return self._body[start : self._offset]

    def finish(self) -> None:
        left = len(self._body) - self._offset
        if left:
            raise RequestError(f"{left} bytes follow the last input")


def _json_length(body: bytes, header: str) -> int:
    if not (header.isascii() and header.isdigit() and len(header) < 12) or int(header) > len(body):
        raise RequestError(f"header Inference-Header-Content-Length is {quote(header)}, the body has {len(body)} bytes")
    return int(header)


def _tensor(entry: object, place: int, binary: _Binary) -> Tensor:
    described = as_object(entry, f"input {place}")
    name, datatype, shape = described.get("name"), described.get("datatype"), described.get("shape")
    if not isinstance(name, str):
        raise RequestError(f"input {place}: 'name' is {quote(name)}, not a text")
    if not isinstance(datatype, str):
        raise RequestError(f"input {quote(name)}: 'datatype' is {quote(datatype)}, not a text")
    if not isinstance(shape, list):
        raise RequestError(f"input {quote(name)}: 'shape' is {quote(shape)}, not a list")
    parameters = as_object(described.get("parameters") or {}, f"input {quote(name)}: 'parameters'")
    if "binary_data_size" in parameters:
        if "data" in described:
            raise RequestError(f"input {quote(name)} has both 'data' and 'binary_data_size'")
        raw = binary.take(name, parameters["binary_data_size"])
        return tensors.from_binary(name, datatype, shape, raw)
    if datatype == "FP16":
        raise RequestError(f"input {quote(name)}: FP16 has no JSON form; send it in binary, or as FP32")
    return tensors.from_json(name, datatype, shape, described.get("data"), binary.body_bytes)


def _outputs(value: object, all_binary: object) -> tuple[list[str] | None, frozenset[str] | None]:
    """Names of the outputs, and of those in binary form."""
    if value is None or value == []:
        return None, None if all_binary is True else frozenset()
    if not isinstance(value, list):
        raise RequestError("'outputs' is not a list")
    names: list[str] = []
    in_binary: set[str] = set()
    for place, entry in enumerate(value, start=1):
        described = as_object(entry, f"output {place}")
        name = described.get("name")
        if not isinstance(name, str):
            raise RequestError(f"output {place}: 'name' is {quote(name)}, not a text")
        names.append(name)
        parameters = as_object(described.get("parameters") or {}, f"output {quote(name)}: 'parameters'")
        if parameters.get("binary_data", all_binary) is True:
            in_binary.add(name)
    check_distinct(names)
    return names, frozenset(in_binary)
