"""Holding libraries to a number of threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def limited(threads: int) -> Iterator[None]:
    """No BLAS and no OpenMP library uses more than ``threads`` threads in the block.

    Workers share a machine: where each of them lets BLAS take every core for a hundred-column product, they wait for
    one another's threads, four times as long as the work takes.
    """
    with _controller().limit(limits=threads):
        yield


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Made once, as it takes milliseconds; after loading what brings thread pools, as it sees no later ones."""
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
