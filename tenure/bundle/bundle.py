"""A model as it is shipped. ``Bundle.predict`` is the one implementation of prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.manifest import Manifest
from tenure.bundle.onnx_model import OnnxModel
from tenure.contract import Contract
from tenure.decision import Decision
from tenure.errors import InputError
from tenure.explain import Explainer, Reason, Terms
from tenure.transform import Columns, Transform

Flags = dict[str, NDArray[np.bool_]]
"""By column, which rows; only columns in which some row is concerned."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a bundle says about n customers."""

    version: str
    probability: NDArray[np.float64]
    """Calibrated probability of churn, shape (n,)."""
    decision: NDArray[np.bool_]
    """Whom to contact, shape (n,)."""
    band: list[str]
    """Risk band, n names."""
    recommendation: list[str]
    """The contract's text for the band, n texts; empty where it has none."""
    margin: NDArray[np.float64]
    """The model's raw output, shape (n,): what ``reasons`` add up to."""
    imputed: Flags
    unknown: Flags
    out_of_range: Flags
    reasons: list[list[Reason]] = field(default_factory=list)
    """For each row the columns that moved it most, largest first; empty unless asked for."""

    def __len__(self) -> int:
        return len(self.probability)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle. Safe to use from several threads."""

    manifest: Manifest
    contract: Contract
    transform: Transform
    decision: Decision
    terms: Terms
    profile: dict[str, Any]
    """Reference distributions of the inputs, as ``tenure.drift`` wrote them."""
    model: OnnxModel

    @property
    def version(self) -> str:
        return self.manifest.version

    @cached_property
    def explainer(self) -> Explainer:
        """Built when first asked for: most requests want no reasons."""
        return Explainer(self.terms, [feature.source for feature in self.transform.features])

    def score_matrix(self, matrix: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Margin and probability before calibration, shape (rows,) each, of encoded rows (rows, features)."""
        return self.model.run(matrix)

    def predict(self, columns: Columns, *, explain: int = 0, threshold: float | None = None) -> Prediction:
        """Predict from raw columns by name.

        Args:
            columns: the contract's inputs, equally long; others are ignored.
            explain: how many reasons a row, at most.
            threshold: contact from this probability on, instead of from the bundle's own thresholds.

        Raises:
            DataError: a column is missing or holds what the contract does not allow there.
            InputError: ``explain`` or ``threshold`` is out of range.
        """
        if threshold is not None and not (math.isfinite(threshold) and 0.0 <= threshold <= 1.0):
            raise InputError(f"threshold is {threshold}, not a probability between 0 and 1")
        if explain < 0:
            raise InputError(f"explain is {explain}, not a number of reasons")
        encoded = self.transform.encode(columns)
        margin, raw = self.model.run(encoded.matrix)
        probability = self.decision.calibrate(margin, raw)
        band = self.decision.band(probability)
        recommendations = self.decision.recommendations
        return Prediction(
            version=self.manifest.version,
            probability=probability,
            decision=self.decision.decide(probability, threshold, columns=encoded.values),
            band=band,
            recommendation=[recommendations.get(name, "") for name in band],
            margin=margin,
            imputed=encoded.imputed,
            unknown=encoded.unknown,
            out_of_range=encoded.out_of_range,
            reasons=self.explainer.reasons(encoded.matrix, explain) if explain else [],
        )
