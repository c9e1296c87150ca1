"""Squared distances between scaled rows and the training rows that a model keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import check_finite, freeze

SCALES = ("centre", "scale", "low", "high")
"""Names of the arrays of shape (features,)."""

_CHUNK_ROWS = 128
"""Rows scored at a time, so that their distances to all kept rows stay in the cache."""


class KeptRows(Protocol):
    """Scaled training rows, and how other rows are scaled to be compared: ``(clip(x, low, high) - centre) * scale``."""

    @property
    def rows(self) -> NDArray[np.float64]:
        """Scaled training rows, shape (n, features)."""

    @property
    def centre(self) -> NDArray[np.float64]:
        """Shape (features,), as the three below."""

    @property
    def scale(self) -> NDArray[np.float64]: ...

    @property
    def low(self) -> NDArray[np.float64]: ...

    @property
    def high(self) -> NDArray[np.float64]: ...

    @property
    def background(self) -> NDArray[np.float32]:
        """Training rows, not scaled, shape (background rows, features)."""


def freeze_kept_rows(what: str, terms: KeptRows, by_row: Sequence[str]) -> None:
    """Make the arrays of a model with kept rows read-only, and check that they are consistent.

    Args:
        what: the model's name, for the message.
        terms: the model.
        by_row: names of its arrays of shape (n,).

    Raises:
        ValueError: shapes differ, a value is not finite, or there is no row or no feature.
    """
    floats = ("rows", *by_row, *SCALES)
    for name in floats:
        freeze(terms, name, np.float64)
    freeze(terms, "background", np.float32)
    if terms.rows.ndim != 2 or not terms.rows.size:
        raise ValueError(f"{what}: 'rows' has shape {terms.rows.shape}, not (n, features)")
    count, width = terms.rows.shape
    for name, shape in (dict.fromkeys(by_row, (count,)) | dict.fromkeys(SCALES, (width,))).items():
        if getattr(terms, name).shape != shape:
            raise ValueError(f"{what}: '{name}' has shape {getattr(terms, name).shape}, not {shape}")
    if terms.background.shape[1:] != (width,) or not len(terms.background):
        raise ValueError(f"{what}: the background has shape {terms.background.shape}, not (rows, {width})")
    check_finite(what, *(getattr(terms, name) for name in floats), terms.background)


def by_distance(
    terms: KeptRows,
    matrix: NDArray[np.float32],
    margin: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Margins, shape (n,), of rows (n, features).

    Args:
        terms: the model.
        matrix: the rows, not scaled.
        margin: margins (c,) of rows whose squared distances (c, kept rows) it is given, and may overwrite.
    """
    # One product gives |y|² - 2 x·y for all kept rows y.
    towards = np.vstack([-2.0 * terms.rows.T, (terms.rows * terms.rows).sum(axis=1)])
    parts = [np.empty(0)]
    for start in range(0, len(matrix), _CHUNK_ROWS):
        chunk = matrix[start : start + _CHUNK_ROWS].astype(np.float64)
        x = (np.clip(chunk, terms.low, terms.high) - terms.centre) * terms.scale
        square = np.column_stack([x, np.ones(len(x))]) @ towards
        square += (x * x).sum(axis=1)[:, None]
        np.maximum(square, 0.0, out=square)
        parts.append(margin(square))
    return np.concatenate(parts)
