"""A block of customers: the unit in which a business is simulated.

A block is always simulated whole and from random streams of its own, so a customer is the same whatever the number of
customers that are written.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SIZE = 1024
"""Customers of a block."""


@dataclass(frozen=True)
class Block:
    """Customers of a business, by their numbers: ``SIZE`` of them from ``number * SIZE``."""

    business: str
    seed: int
    number: int
    size: int = SIZE

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The customers' numbers, from 0; shape (size,)."""
        return np.arange(self.number * self.size, (self.number + 1) * self.size)

    def random(self, purpose: str) -> np.random.Generator:
        """The block's random stream for a purpose: a change in what one purpose draws leaves the others as they are."""
        text = zlib.crc32(f"{self.business}/{purpose}".encode())
        return np.random.default_rng(np.random.SeedSequence([self.seed, self.number, text]))

    def keys(self, prefix: str) -> pa.Array:
        """The customers' keys: the prefix and the number in seven digits or more; string, (size,)."""
        return pa.array([f"{prefix}{number + 1:07d}" for number in self.numbers.tolist()])


def row_ids(prefix: str, block: Block, owner: NDArray[np.integer]) -> pa.Array:
    """A text for each row that no other row of the table has; it depends on nothing but the customer's own rows.

    Args:
        prefix: of the text.
        block: the rows' customers.
        owner: position of each row's customer in the block; shape (rows,).
    """
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=block.size)
    nth = np.empty(owner.size, dtype=np.int64)
    nth[order] = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    customers = block.numbers[owner] + 1
    pairs = zip(customers.tolist(), nth.tolist(), strict=True)
    return pa.array([f"{prefix}{customer}-{row + 1}" for customer, row in pairs], pa.string())
