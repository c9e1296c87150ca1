"""Reading lists of numbers in the file of an addition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def read_numbers(value: object, name: str, length: int, largest: float) -> NDArray[np.float64]:
    """A list of so many finite numbers, shape (length,).

    Args:
        value: as JSON has it.
        name: of the list, for errors.
        largest: no number is larger in size, so that nothing computed from it overflows.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or len(value) != length:
        raise ValueError(f"'{name}' is not a list of {length} numbers")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float) or not -largest <= number <= largest:
            raise ValueError(f"'{name}': {ascii(number)[:40]} is not a number up to {largest:g}")
    return np.array(value, dtype=np.float64)
