"""The part of ONNX's protobuf messages that exporters write. Every other field is unknown, and so refused.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx-ml.proto. Texts are read as bytes. The package ``onnx``,
which has all messages, is not in the server's image.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

_INT64, _INT32, _BYTES = Field.TYPE_INT64, Field.TYPE_INT32, Field.TYPE_BYTES
_ONE, _MANY = Field.LABEL_OPTIONAL, Field.LABEL_REPEATED

_MESSAGES: dict[str, dict[str, tuple[int, int | str, int]]] = {
    "Model": {
        "ir_version": (1, _INT64, _ONE),
        "producer_name": (2, _BYTES, _ONE),
        "graph": (7, "Graph", _ONE),
        "opset_import": (8, "OperatorSet", _MANY),
    },
    "OperatorSet": {"domain": (1, _BYTES, _ONE), "version": (2, _INT64, _ONE)},
    "Graph": {
        "node": (1, "Node", _MANY),
        "name": (2, _BYTES, _ONE),
        "input": (11, "Value", _MANY),
        "output": (12, "Value", _MANY),
    },
    "Node": {
        "input": (1, _BYTES, _MANY),
        "output": (2, _BYTES, _MANY),
        "op_type": (4, _BYTES, _ONE),
        "attribute": (5, "Attribute", _MANY),
        "domain": (7, _BYTES, _ONE),
    },
    "Attribute": {
        "name": (1, _BYTES, _ONE),
        "i": (3, _INT64, _ONE),
        "t": (5, "Tensor", _ONE),
        "ints": (8, _INT64, _MANY),
        "type": (20, _INT32, _ONE),
    },
    "Tensor": {
        "dims": (1, _INT64, _MANY),
        "data_type": (2, _INT32, _ONE),
        "name": (8, _BYTES, _ONE),
        "raw_data": (9, _BYTES, _ONE),
    },
    "Value": {"name": (1, _BYTES, _ONE), "type": (2, "Type", _ONE)},
    "Type": {"tensor_type": (1, "TensorType", _ONE)},
    "TensorType": {"elem_type": (1, _INT32, _ONE), "shape": (2, "Shape", _ONE)},
    "Shape": {"dim": (1, "Dimension", _MANY)},
    "Dimension": {"dim_value": (1, _INT64, _ONE), "dim_param": (2, _BYTES, _ONE)},
}
"""Number, type and label of each field, by message."""


def parse(content: bytes) -> Any:
    """The model in ``content``.

    Raises:
        google.protobuf.message.DecodeError: the bytes are not a protobuf message.
        ValueError: a field is set that exporters do not write.
    """
    model = _MODEL.FromString(content)
    _refuse_unknown_fields(model)
    return model


def _refuse_unknown_fields(message: Any) -> None:
    unknown = UnknownFieldSet(message)
    if len(unknown):
        raise ValueError(f"field {unknown[0].field_number} of {message.DESCRIPTOR.name} is not written by an exporter")
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in (value,) if isinstance(value, Message) else value:
                _refuse_unknown_fields(part)


def _model_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="tenure/onnx.proto", package="tenure.onnx", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, label) in fields.items():
            added = message.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                added.type, added.type_name = Field.TYPE_MESSAGE, f".tenure.onnx.{kind}"
            else:
                added.type = kind
    # A pool of its own: the package onnx may be loaded in the same process, and register its own messages.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tenure.onnx.Model"))


_MODEL = _model_class()
