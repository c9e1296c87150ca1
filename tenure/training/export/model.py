"""A fitted model in the two forms that are shipped. Needs no training library."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.explanation.model import Terms


@dataclass(frozen=True)
class ExportedModel:
    """One model twice: as ONNX for scoring, as plain arrays for explaining."""

    onnx: bytes
    """Serialized graph: ``features`` float32 (n, f) → ``margin`` float64 (n,), ``probability`` float64 (n,).

    A regression has no ``probability``."""
    terms: Terms
