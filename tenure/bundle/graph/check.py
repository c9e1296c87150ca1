"""Checks that a model's file holds a graph such as Tenure's exporters write."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from tenure.bundle.graph.operators import INT, INTS, ML_DOMAIN, OPERATORS, TENSOR, Attributes, Operator
from tenure.bundle.graph.schema import parse
from tenure.bundle.graph.values import DOUBLE, FLOAT, MAX_RANK, ROWS, Value, shown
from tenure.errors import BundleError

IR_VERSION = 10
OPSETS = {"": 20, ML_DOMAIN: 5}
"""Equal to those of ``tenure.training.export.onnx_graph``, which a server has not (checked by a test)."""

MAX_NODES = 4096
MAX_NAME_BYTES = 100
MIN_ROW_SIZE = 2**16
"""Elements a row of any value that are always allowed. A value of more may have as many as the file has constants, so
that a small file cannot make ONNX Runtime take much memory: the product of a column and a row is their square."""

_SINGLE = {INT: "i", TENSOR: "t"}


def check_graph(content: bytes) -> None:
    """Check a model before ONNX Runtime reads it.

    Raises:
        BundleError: the bytes are not a graph that an exporter of Tenure could have written.
    """
    try:
        model = parse(content)
        _check_model(model)
        _check_nodes(model.graph)
    except DecodeError:
        raise BundleError("model.onnx: it is not an ONNX model") from None
    except ValueError as error:
        raise BundleError(f"model.onnx: no exporter of Tenure writes such a graph: {error}") from None


def _check_model(model: Any) -> None:
    if model.ir_version != IR_VERSION:
        raise ValueError(f"its IR version is {model.ir_version}, not {IR_VERSION}")
    opsets = [(_text(opset.domain), opset.version) for opset in model.opset_import]
    if sorted(opsets) != sorted(OPSETS.items()):
        raise ValueError(f"its operator sets are {opsets[:4]}")
    if len(model.producer_name) > MAX_NAME_BYTES or len(model.graph.name) > MAX_NAME_BYTES:
        raise ValueError("its name is too long")
    if len(model.graph.node) > MAX_NODES:
        raise ValueError(f"it has {len(model.graph.node)} nodes, at most {MAX_NODES} are allowed")


def _check_nodes(graph: Any) -> None:
    """Evaluate the sizes of all values, in the order of the nodes, which is that of their execution."""
    values = dict([_input(graph)])
    constants = 0
    for node in graph.node:
        operator_name = _text(node.op_type)
        operator = OPERATORS.get(operator_name)
        if operator is None or _text(node.domain) != operator.domain:
            raise ValueError(f"operator {_text(node.domain)}{'.' if node.domain else ''}{operator_name}")
        inputs = [_known(values, name) for name in node.input]
        if not operator.inputs[0] <= len(inputs) <= operator.inputs[1]:
            raise ValueError(f"{operator_name} of {len(inputs)} inputs")
        outputs = operator.evaluate(inputs, _attributes(node, operator, operator_name))
        if len(node.output) != len(outputs):
            raise ValueError(f"{operator_name} with {len(node.output)} outputs")
        for name, value in zip(map(_text, node.output), outputs, strict=True):
            if not name or name in values:
                raise ValueError(f"value {name!a} is set twice, or has no name")
            if len(value.shape) > MAX_RANK or value.shape.count(ROWS) > 1:
                raise ValueError(f"{operator_name} makes {shown(value.shape)}")
            values[name] = value
            if operator_name == "Constant":
                constants += value.row_size
            elif value.row_size > max(MIN_ROW_SIZE, constants):
                raise ValueError(f"{operator_name} makes {value.row_size} numbers of {constants} constants")
    for output in graph.output:
        if _tensor_type(output).elem_type not in (FLOAT, DOUBLE):
            raise ValueError(f"output {_text(output.name)!a} is not of floating-point numbers")
        _known(values, output.name)


def _input(graph: Any) -> tuple[str, Value]:
    """The one input: a matrix of float32 whose width is given."""
    if len(graph.input) != 1:
        raise ValueError(f"it has {len(graph.input)} inputs")
    tensor = _tensor_type(graph.input[0])
    sizes = tensor.shape.dim
    if (
        tensor.elem_type != FLOAT
        or len(sizes) != 2
        or sizes[0].dim_value
        or not 1 <= sizes[1].dim_value <= MIN_ROW_SIZE
    ):
        raise ValueError("its input is not a matrix of float32 of any number of rows")
    return _text(graph.input[0].name), Value((ROWS, sizes[1].dim_value))


def _tensor_type(value: Any) -> Any:
    return value.type.tensor_type


def _known(values: dict[str, Value], name: bytes) -> Value:
    value = values.get(_text(name))
    if value is None:
        raise ValueError(f"value {_text(name)!a} is used before it is set")
    return value


def _attributes(node: Any, operator: Operator, operator_name: str) -> Attributes:
    """The node's attributes by name, which must be those of the operator, each of its type."""
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        name = _text(attribute.name)
        kind = operator.attributes.get(name)
        if kind is None or name in found:
            raise ValueError(f"{operator_name} with the attribute {name!a}")
        given = {field.name for field, _ in attribute.ListFields()} - {"name", "type"}
        if attribute.type != kind or given != {_SINGLE.get(kind, "ints")}:
            raise ValueError(f"attribute {name} of {operator_name} is of another type")
        found[name] = attribute.ints if kind == INTS else getattr(attribute, _SINGLE[kind])
    missing = sorted(operator.attributes.keys() - found.keys())
    if missing:
        raise ValueError(f"{operator_name} without the attribute {missing[0]}")
    return found


def _text(raw: bytes) -> str:
    """A name: short, and in ASCII, so that it can be shown."""
    if len(raw) > MAX_NAME_BYTES or not raw.isascii():
        raise ValueError("a name is too long or not in ASCII")
    return raw.decode("ascii")
