"""What a task has to offer for training: from a fitted model to a decision, and to a companion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion, Decision
from tenure.contract import Contract
from tenure.explanation import LinearTerms
from tenure.stats import ScoreProfile

if TYPE_CHECKING:
    from tenure.training.encoded_part import EncodedPart
    from tenure.training.export import ExportedModel


@dataclass(frozen=True)
class ValidatedModel:
    """The decision and the measurements of a model on the validation part, which it has not seen."""

    decision: Decision
    validation: dict[str, dict[str, float | None]]
    """Metric to ``{"value", "low", "high"}``."""
    scores: ScoreProfile
    """The distribution of its scores: monitoring compares later ones with it."""
    objective: float
    """The objective, of the model's output before calibration, as in cross-validation."""


class Trainer(Protocol):
    """How models of one task are completed."""

    @property
    def companion_family(self) -> str:
        """The linear family that companions are fitted with."""

    def output_scale(self, labels: NDArray) -> float:
        """What differences between a fitted model and its export are measured by; ``labels`` (rows,) of the fit."""

    def validate(
        self,
        contract: Contract,
        model: ExportedModel,
        training_labels: NDArray[np.generic],
        validation: EncodedPart,
        customers: int,
    ) -> ValidatedModel:
        """Choose the model's decision on the validation part, and measure both there.

        Args:
            training_labels: of the rows that the model was fitted on, shape (rows,).
            customers: in all parts together, a row each; of a panel each customer once.

        Raises:
            DataError: the part has too few rows, or too few of a class.
        """

    def companion(
        self, contract: Contract, terms: LinearTerms, model: ExportedModel, validation: EncodedPart
    ) -> Companion:
        """The companion of ``terms``, calibrated, or given its interval, on the validation part.

        Args:
            model: the same terms, exported.
        """
