"""Values of a graph: their sizes, and tensors as numpy arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = -1
"""The dimension of a batch's rows, whose number is not known."""

Shape = tuple[int, ...]

FLOAT, UINT8, INT64, DOUBLE = 1, 2, 7, 11
"""Numbers of ``TensorProto.DataType``."""
_DTYPES = {FLOAT: "<f4", UINT8: "<u1", INT64: "<i8", DOUBLE: "<f8"}
MAX_RANK = 2


@dataclass(frozen=True)
class Value:
    """What a name of the graph stands for."""

    shape: Shape
    constant: NDArray | None = None
    """The content of a constant."""

    @property
    def row_size(self) -> int:
        """Number of elements, of one row where there are rows."""
        return math.prod(size for size in self.shape if size != ROWS)


def array_of(tensor: Any) -> NDArray:
    """The content of a tensor message.

    Raises:
        ValueError: its type is not one that exporters write, or its bytes are not as many as its dimensions say.
    """
    dtype = _DTYPES.get(tensor.data_type)
    if dtype is None:
        raise ValueError(f"a tensor has elements of type {tensor.data_type}")
    shape = tuple(tensor.dims)
    if len(shape) > MAX_RANK or any(size < 1 for size in shape):
        raise ValueError(f"a tensor has the dimensions {list(shape)[:4]}")
    if math.prod(shape) * np.dtype(dtype).itemsize != len(tensor.raw_data):
        raise ValueError(f"a tensor of {list(shape)} has {len(tensor.raw_data)} bytes")
    return np.frombuffer(tensor.raw_data, dtype).reshape(shape)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of an operator's result by element, as numpy broadcasts.

    Raises:
        ValueError: the shapes do not go together, whatever the number of rows is.
    """
    rank = max(map(len, shapes))
    result = []
    for sizes in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True):
        several = {size for size in sizes if size != 1}
        if len(several) > 1:
            raise ValueError(f"shapes {', '.join(map(shown, shapes))} do not go together")
        result.append(several.pop() if several else 1)
    return tuple(result)


def shown(shape: Shape) -> str:
    """A shape in an error's text."""
    return f"({', '.join('rows' if size == ROWS else str(size) for size in shape)})"
