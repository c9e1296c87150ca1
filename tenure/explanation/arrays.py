"""Reading arrays that may come from a file: types checked, values frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Link = Literal["logit", "identity", "value"]
"""``logit``: the margin is log-odds; ``identity``: it is a probability; ``value``: it is the number that a regression
predicts."""

VALUE_LINK = "value_link"
"""Name of the array, one true value, that stands with the arrays of a regression."""


def freeze(terms: object, name: str, dtype: type[np.generic]) -> None:
    """Give the array its type, refusing a conversion that would change a value's kind, and make it read-only."""
    object.__setattr__(terms, name, frozen(getattr(terms, name), name, dtype))


def frozen(values: object, name: str, dtype: type[np.generic]) -> NDArray:
    """``values`` as a read-only array of ``dtype``.

    Raises:
        ValueError: if they are of another kind.
    """
    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or (np.dtype(dtype).kind == "i" and given.dtype.kind == "f"):
        raise ValueError(f"'{name}' holds {given.dtype}, not {np.dtype(dtype)}")
    array = np.array(given, dtype=dtype, order="C")
    array.setflags(write=False)
    return array


def scalar(arrays: Mapping[str, NDArray], name: str) -> float:
    """The one number called ``name``.

    Raises:
        ValueError: if it is none.
    """
    if arrays[name].shape != ():
        raise ValueError(f"'{name}' is not one number")
    return float(arrays[name])


def check_finite(what: str, *arrays: NDArray) -> None:
    """Raises ValueError, calling the model ``what``, unless every value is finite."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"{what}: a value is not finite")
