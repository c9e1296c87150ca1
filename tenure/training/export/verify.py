"""Exporting a fitted model, and holding the export to the model it came from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenure.errors import TenureError
from tenure.explanation.ensemble import EnsembleTerms
from tenure.explanation.model import LEAF, FlatTrees, Terms
from tenure.training.export.model import ExportedModel
from tenure.training.export.onnx_graph import build

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Largest difference in probability between the native model and its export. Of a regression the difference is
relative: to the label's spread, or to the value where that is larger."""

EDGE_THRESHOLDS = 2_000
"""Thresholds that are probed from both sides; of more, as many are taken evenly."""


def export(terms: Terms, native: Callable[[Matrix], Floats], matrix: Matrix, spread: float = 1.0) -> ExportedModel:
    """Build the ONNX form of ``terms`` and verify it on ``matrix`` and at the thresholds.

    Args:
        terms: the model as arrays.
        native: the fitted model's own probabilities, or values, shape (n,), for a matrix of shape (n, f).
        matrix: rows to verify on, float32, shape (n, f), n at least 1.
        spread: of a regression's label, its standard deviation.

    Raises:
        TenureError: if a probability or value differs by more than ``TOLERANCE``.
    """
    model = ExportedModel(build(terms, matrix.shape[1]), terms)
    verify(model, native, matrix, "the given rows", spread)
    for part in terms.members if isinstance(terms, EnsembleTerms) else (terms,):
        if isinstance(part, FlatTrees):
            verify(model, native, threshold_rows(part, matrix), "rows at the thresholds", spread)
    return model


def verify(
    model: ExportedModel, native: Callable[[Matrix], Floats], matrix: Matrix, rows: str, spread: float = 1.0
) -> float:
    """Largest difference between native and exported probabilities, or values; relative for a regression.

    Args:
        rows: what an error calls the matrix.
        spread: as for ``export``.

    Raises:
        TenureError: if it is more than ``TOLERANCE``, or not a number.
    """
    own = native(matrix)
    if model.terms.link == "value":
        what, difference = "value", np.abs(own - margins(model, matrix)) / np.maximum(np.abs(own), spread)
    else:
        what, difference = "probability", np.abs(own - score(model, matrix)[1])
    worst = int(np.argmax(np.where(np.isnan(difference), np.inf, difference)))
    if not difference[worst] <= TOLERANCE:
        raise TenureError(
            f"the exported model differs from the fitted one by {difference[worst]:.2g} in {what} "
            f"on {rows} (row {worst}); at most {TOLERANCE:g} is allowed"
        )
    return float(difference[worst])


def score(model: ExportedModel, matrix: Matrix) -> tuple[Floats, Floats]:
    """Margins and raw probabilities of the exported model, shape (n,) each, by ONNX Runtime on one thread."""
    margin, probability = _run(model, ["margin", "probability"], matrix)
    return margin, probability


def margins(model: ExportedModel, matrix: Matrix) -> Floats:
    """Margins of the exported model, shape (n,), by ONNX Runtime on one thread: what a regression predicts."""
    (margin,) = _run(model, ["margin"], matrix)
    return margin


def _run(model: ExportedModel, outputs: list[str], matrix: Matrix) -> list[Floats]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.onnx, options, providers=["CPUExecutionProvider"])
    found: list[Floats] = session.run(outputs, {"features": matrix})
    return found


def threshold_rows(trees: FlatTrees, matrix: Matrix) -> Matrix:
    """Rows of ``matrix`` with one feature moved to a threshold, to the float32 below it and to the one above.

    An export that rounds a threshold the wrong way, or confuses ``<`` with ``<=``, differs there and hardly
    anywhere else. Shape (3 * thresholds, f), or the matrix if the trees have no finite threshold.
    """
    usable = (trees.feature != LEAF) & np.isfinite(trees.threshold)
    pairs = np.unique(np.stack([trees.feature[usable].astype(np.float64), trees.threshold[usable]], axis=1), axis=0)
    if not len(pairs):
        return matrix
    chosen = pairs[np.unique(np.linspace(0, len(pairs) - 1, EDGE_THRESHOLDS).astype(np.int64))]
    feature, threshold = chosen[:, 0].astype(np.int64), chosen[:, 1].astype(np.float32)
    up, down = np.float32(np.inf), np.float32(-np.inf)
    values = np.concatenate([threshold, np.nextafter(threshold, down), np.nextafter(threshold, up)])
    rows = matrix[np.arange(len(values)) % len(matrix)].copy()
    rows[np.arange(len(values)), np.tile(feature, 3)] = values
    return rows
