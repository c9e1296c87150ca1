"""Checks arrays that may come from a file, and makes them read-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Link = Literal["logit", "identity", "value"]
"""``logit``: the margin is log-odds; ``identity``: it is a probability; ``value``: it is the number that a regression
predicts."""

VALUE_LINK = "value_link"
"""Name of an array, a single true, that marks the arrays of a regression."""


def freeze(terms: object, name: str, dtype: type[np.generic]) -> None:
    """Replace an attribute by ``frozen`` of it."""
    object.__setattr__(terms, name, frozen(getattr(terms, name), name, dtype))


def frozen(values: object, name: str, dtype: type[np.generic]) -> NDArray:
    """``values`` as a read-only array of ``dtype``.

    Raises:
        ValueError: they are not numbers, or not integers where ``dtype`` is one.
    """
    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or (np.dtype(dtype).kind == "i" and given.dtype.kind == "f"):
        raise ValueError(f"'{name}' holds {given.dtype}, not {np.dtype(dtype)}")
    array = np.array(given, dtype=dtype, order="C")
    array.setflags(write=False)
    return array


def scalar(arrays: Mapping[str, NDArray], name: str) -> float:
    """The array ``name`` as a number.

    Raises:
        ValueError: it is not a scalar.
    """
    if arrays[name].shape != ():
        raise ValueError(f"'{name}' is not one number")
    return float(arrays[name])


def check_finite(what: str, *arrays: NDArray) -> None:
    """Check that every value is finite.

    Args:
        what: the model's name, for the message.

    Raises:
        ValueError: a value is not finite.
    """
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"{what}: a value is not finite")
