"""What a task has to offer for training: from a fitted model to a decision, and to a companion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion, Decision
from tenure.contract import Contract
from tenure.explanation import LinearTerms

if TYPE_CHECKING:
    from tenure.training.cross_fitting import HeldOut
    from tenure.training.encoded_part import EncodedPart


@dataclass(frozen=True)
class ValidatedModel:
    """The decision and the measurements of a family's models on rows that they were not fitted on."""

    decision: Decision
    validation: dict[str, dict[str, float | None]]
    """Metric to ``{"value", "low", "high"}``."""
    scores: NDArray[np.float64]
    """Calibrated probabilities, or values, of the rows held out; shape (rows,)."""
    objective: float
    """The objective, of the model's output before calibration, as in the search."""


class Trainer(Protocol):
    """How models of one task are completed."""

    @property
    def companion_family(self) -> str:
        """The linear family that companions are fitted with."""

    def output_scale(self, labels: NDArray) -> float:
        """What differences between a fitted model and its export are measured by; ``labels`` (rows,) of the fit."""

    def decide(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> Decision:
        """Choose the model's decision on the rows held out; arguments and errors as for ``validate``."""

    def validate(
        self,
        contract: Contract,
        held_out: HeldOut,
        training_labels: NDArray[np.generic],
        rows: EncodedPart,
        customers: int,
    ) -> ValidatedModel:
        """Choose the model's decision on the rows held out, and measure both there.

        Args:
            training_labels: of the rows that the shipped model is fitted on, shape (fitted rows,).
            rows: those held out.
            customers: in all parts together, a row each; of a panel each customer once.

        Raises:
            DataError: there are too few rows, or too few of a class.
        """

    def companion(self, contract: Contract, terms: LinearTerms, held_out: HeldOut, rows: EncodedPart) -> Companion:
        """The companion of ``terms``, calibrated, or given its interval, on the rows held out.

        Args:
            held_out: what models like it predict for ``rows``, which they were not fitted on.
        """
