"""Messages for ``ModelInfer``: invalid ones that can be parsed, and truncated ones."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from benchmarks.malformed.http import DATATYPES, broken_bytes

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "bool_contents": st.booleans(),
    "int_contents": st.integers(-(2**31), 2**31 - 1),
    "int64_contents": st.integers(-(2**63), 2**63 - 1),
    "uint_contents": st.integers(0, 2**32 - 1),
    "uint64_contents": st.integers(0, 2**64 - 1),
    "fp32_contents": st.floats(width=32),
    "fp64_contents": st.floats(),
    "bytes_contents": st.binary(max_size=20) | st.text(max_size=20).map(str.encode),
}
OWN = {"BYTES": "bytes_contents", "BOOL": "bool_contents", "FP64": "fp64_contents", "INT64": "int64_contents"}
"""Where the values of a request's tensors stand."""
SIZES = [0, 1, 2, -1, 2**31, 2**63 - 1, -(2**63)]
NAMES = ["", "telco", "other", "x" * 3_000, "../telco", "\n", "É"]
PARAMETERS = ["explain", "threshold", "binary_data_output", "outputs", "x", ""]
_PACKED = {"BOOL": "<?", "FP64": "<d", "INT64": "<q"}


def whole_message(whole: dict[str, Any]) -> pb.ModelInferRequest:
    """``whole``, a V2 request, as a message; missing numbers are 0."""
    message = pb.ModelInferRequest(model_name="telco")
    for entry in whole["inputs"]:
        values: list[Any] = [0 if value is None else value for value in entry["data"]]
        if entry["datatype"] == "BYTES":
            values = [value.encode() for value in values]
        tensor = message.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
        getattr(tensor.contents, OWN[entry["datatype"]]).extend(values)
    return message


def messages(whole: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Messages of which most can be parsed, with one to three things changed; one in eight has broken bytes."""
    content = whole_message(whole).SerializeToString()

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        message = pb.ModelInferRequest.FromString(content)
        if draw(st.booleans()):
            _to_raw(message)
        for _ in range(draw(st.integers(0, 3))):
            draw(st.sampled_from(_CHANGES))(draw, message)
        return bytes(message.SerializeToString())

    return st.integers(0, 7).flatmap(lambda dice: make() if dice else broken_bytes(content))


def _to_raw(message: pb.ModelInferRequest) -> None:
    """The values in ``raw_input_contents``, as a client that sends binary tensors has them."""
    for tensor in message.inputs:
        values = getattr(tensor.contents, OWN[tensor.datatype])
        if tensor.datatype == "BYTES":
            raw = b"".join(struct.pack("<I", len(value)) + value for value in values)
        else:
            raw = b"".join(struct.pack(_PACKED[tensor.datatype], value) for value in values)
        message.raw_input_contents.append(raw)
        tensor.ClearField("contents")


def _values(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    """Other values of the right kind, sensible or not."""
    tensor = _tensor(draw, message)
    field = OWN.get(tensor.datatype) if tensor is not None else None
    if tensor is not None and field is not None and not message.raw_input_contents:
        tensor.ClearField("contents")
        getattr(tensor.contents, field).append(draw(FIELDS[field]))


def _contents(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    """Values in any field, perhaps beside those that are there, perhaps of a wrong number."""
    tensor = _tensor(draw, message)
    if tensor is None:
        return
    if draw(st.booleans()):
        tensor.ClearField("contents")
    field = draw(st.sampled_from(sorted(FIELDS)))
    getattr(tensor.contents, field).extend(draw(st.lists(FIELDS[field], max_size=3)))


def _raw(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    """Binary values cut off, too many, too few, or with lengths that lie."""
    raw = message.raw_input_contents
    if not raw:
        raw.extend(draw(st.lists(st.binary(max_size=8), max_size=3)))
        return
    place = draw(st.integers(0, len(raw) - 1))
    what = draw(st.integers(0, 5))
    if what == 0:
        raw[place] = raw[place][: draw(st.integers(0, len(raw[place])))]
    elif what == 1:
        raw[place] = raw[place] + draw(st.binary(min_size=1, max_size=9))
    elif what == 2:
        raw[place] = draw(st.binary(min_size=len(raw[place]), max_size=len(raw[place])))
    elif what == 3:
        raw[place] = struct.pack("<I", draw(st.sampled_from([0, 1, 2**31, 2**32 - 1]))) + raw[place][4:]
    elif what == 4:
        raw.pop(place)
    else:
        raw.append(raw[place])


def _datatype(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    tensor = _tensor(draw, message)
    if tensor is not None:
        tensor.datatype = draw(st.sampled_from([name for name in DATATYPES if isinstance(name, str)]))


def _shape(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    tensor = _tensor(draw, message)
    if tensor is not None:
        tensor.ClearField("shape")
        tensor.shape.extend(draw(st.lists(st.sampled_from(SIZES), max_size=3)))


def _twice(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    tensor = _tensor(draw, message)
    if tensor is not None:
        message.inputs.add().CopyFrom(tensor)


def _missing(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    if message.inputs:
        message.inputs.pop(draw(st.integers(0, len(message.inputs) - 1)))


def _renamed(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    tensor = _tensor(draw, message)
    if tensor is not None:
        tensor.name = draw(st.sampled_from(NAMES) | st.text(max_size=10))


def _parameter(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    value = message.parameters[draw(st.sampled_from(PARAMETERS))]
    what = draw(st.integers(0, 3))
    if what == 0:
        value.bool_param = draw(st.booleans())
    elif what == 1:
        value.int64_param = draw(st.integers(-3, 30) | FIELDS["int64_contents"])
    elif what == 2:
        value.string_param = draw(st.sampled_from(["0.5", "nan", "-1", "1e999", "2", ""]) | st.text(max_size=10))


def _output(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    names = st.sampled_from(["probability", "decision", "reasons", "band"]) | st.text(max_size=10)
    for name in draw(st.lists(names, max_size=3)):
        message.outputs.add(name=name)


def _whose(draw: st.DrawFn, message: pb.ModelInferRequest) -> None:
    """The names of model, version and request."""
    setattr(message, draw(st.sampled_from(["model_name", "model_version", "id"])), draw(st.sampled_from(NAMES)))


_CHANGES = (
    *(_values, _values, _values, _contents, _raw, _raw, _datatype, _shape, _twice, _missing, _renamed),
    *(_parameter, _parameter, _output, _whose),
)


def _tensor(draw: st.DrawFn, message: pb.ModelInferRequest) -> pb.ModelInferRequest.InferInputTensor | None:
    return message.inputs[draw(st.integers(0, len(message.inputs) - 1))] if message.inputs else None
