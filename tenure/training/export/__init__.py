"""Models in the forms that are shipped: ONNX and plain arrays, verified against the fitted model."""

from tenure.training.export.ensemble import export_ensemble
from tenure.training.export.model import ExportedModel
from tenure.training.export.trees import TreeNodes, at_most, below, flatten
from tenure.training.export.verify import TOLERANCE, export, margins, score, threshold_rows, verify

__all__ = [
    "TOLERANCE",
    "ExportedModel",
    "TreeNodes",
    "at_most",
    "below",
    "export",
    "export_ensemble",
    "flatten",
    "margins",
    "score",
    "threshold_rows",
    "verify",
]
