"""The operators that exporters write: their attributes, and the shapes of their outputs.

Specification: https://github.com/onnx/onnx/blob/main/docs/Operators.md, opset 20, and Operators-ml.md, opset 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tenure.bundle.graph.trees import SIDES, tree_shape
from tenure.bundle.graph.values import DOUBLE, FLOAT, INT64, ROWS, Value, array_of, broadcast, shown

Attributes = Mapping[str, Any]
"""By name: an int, a list of ints, or a tensor message."""
INT, TENSOR, INTS = 2, 4, 7
"""Numbers of ``AttributeProto.AttributeType``."""

ML_DOMAIN = "ai.onnx.ml"


@dataclass(frozen=True)
class Operator:
    """An operator of one domain.

    evaluate: the outputs' values from the inputs' and the attributes; raises ValueError if they do not go together.
    inputs: smallest and largest number. attributes: the type of each, all of which must be given.
    """

    evaluate: Callable[[Sequence[Value], Attributes], list[Value]]
    inputs: tuple[int, int]
    attributes: Mapping[str, int] = field(default_factory=dict)
    domain: str = ""


def _by_element(values: Sequence[Value], _: Attributes) -> list[Value]:
    return [Value(broadcast(*(value.shape for value in values)))]


def _constant(_: Sequence[Value], attributes: Attributes) -> list[Value]:
    array = array_of(attributes["value"])
    return [Value(array.shape, array)]


def _cast(values: Sequence[Value], attributes: Attributes) -> list[Value]:
    if attributes["to"] not in (FLOAT, INT64, DOUBLE):
        raise ValueError(f"Cast to elements of type {attributes['to']}")
    return [Value(values[0].shape)]


def _clip(values: Sequence[Value], _: Attributes) -> list[Value]:
    if any(value.shape != () for value in values[1:]):
        raise ValueError("bounds of Clip are not single numbers")
    return [Value(values[0].shape)]


def _mat_mul(values: Sequence[Value], _: Attributes) -> list[Value]:
    left, right = values[0].shape, values[1].shape
    if len(left) != 2 or len(right) != 2 or left[1] != right[0] or left[1] == ROWS:
        raise ValueError(f"MatMul of {shown(left)} and {shown(right)}")
    return [Value((left[0], right[1]))]


def _gather(values: Sequence[Value], attributes: Attributes) -> list[Value]:
    data, index, axis = values[0].shape, values[1].shape, attributes["axis"]
    if not 0 <= axis < len(data):
        raise ValueError(f"Gather from {shown(data)} along axis {axis}")
    return [Value(data[:axis] + index + data[axis + 1 :])]


def _reshape(values: Sequence[Value], _: Attributes) -> list[Value]:
    """To one dimension: what exporters ask for."""
    shape, target = values[0].shape, values[1].constant
    if target is None or target.tolist() != [-1] or shape.count(ROWS) > 1:
        raise ValueError("Reshape to another shape than one dimension")
    if ROWS not in shape:
        return [Value((math.prod(shape),))]
    if values[0].row_size != 1:
        raise ValueError(f"Reshape of {shown(shape)} to one dimension")
    return [Value((ROWS,))]


def _top_k(values: Sequence[Value], attributes: Attributes) -> list[Value]:
    data, count = values[0].shape, values[1].constant
    if count is None or count.shape != (1,) or len(data) != 2 or attributes["axis"] != 1 or data[1] == ROWS:
        raise ValueError(f"TopK of {shown(data)}, which must be by rows and with a constant number")
    if not 1 <= int(count[0]) <= data[1] or attributes["largest"] not in (0, 1):
        raise ValueError(f"TopK takes {int(count[0])} of {shown(data)}")
    return [Value((data[0], int(count[0])))] * 2


def _trees(values: Sequence[Value], attributes: Attributes) -> list[Value]:
    return [Value(tree_shape(values[0].shape, attributes))]


_ONE: tuple[int, int] = (1, 1)
_TWO: tuple[int, int] = (2, 2)

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "Add": Operator(_by_element, _TWO),
        "Cast": Operator(_cast, _ONE, {"to": INT}),
        "Clip": Operator(_clip, (3, 3)),
        "Constant": Operator(_constant, (0, 0), {"value": TENSOR}),
        "Div": Operator(_by_element, _TWO),
        "Exp": Operator(_by_element, _ONE),
        "Gather": Operator(_gather, _TWO, {"axis": INT}),
        "Identity": Operator(_by_element, _ONE),
        "Log": Operator(_by_element, _ONE),
        "MatMul": Operator(_mat_mul, _TWO),
        "Max": Operator(_by_element, _TWO),
        "Min": Operator(_by_element, _TWO),
        "Mul": Operator(_by_element, _TWO),
        "Relu": Operator(_by_element, _ONE),
        "Reshape": Operator(_reshape, _TWO),
        "Sigmoid": Operator(_by_element, _ONE),
        "Sub": Operator(_by_element, _TWO),
        "TopK": Operator(_top_k, _TWO, {"axis": INT, "largest": INT}),
        "TreeEnsemble": Operator(
            _trees,
            _ONE,
            {
                **dict.fromkeys(("aggregate_function", "n_targets", "post_transform"), INT),
                **dict.fromkeys(("leaf_weights", "nodes_modes", "nodes_splits"), TENSOR),
                **dict.fromkeys(("leaf_targetids", "nodes_featureids", "tree_roots"), INTS),
                **dict.fromkeys((f"nodes_{side}leafs" for side in SIDES), INTS),
                **dict.fromkeys((f"nodes_{side}nodeids" for side in SIDES), INTS),
            },
            domain=ML_DOMAIN,
        ),
    }
)
