"""The interface of a bundle's ``decision.json``: from a model's raw output to a prediction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.prediction import Prediction
from tenure.contract import Contract
from tenure.decision import ContactLimit
from tenure.explanation import Link, Reason
from tenure.transform import Encoded

if TYPE_CHECKING:
    from tenure.bundle.companion import Companion

ModelOutputs = tuple[NDArray[np.float64], ...]
"""The model's outputs, shape (rows,) each, in the order of ``Decision.MODEL_OUTPUTS``."""


class Decision(Protocol):
    """How a task's model output becomes scores, decisions and bands."""

    MODEL_OUTPUTS: ClassVar[tuple[str, ...]]
    """Outputs of the ONNX graph that are read; the first is the margin."""
    LINKS: ClassVar[tuple[Link, ...]]
    """Links that a model of this task may have; a companion has the first."""

    @property
    def threshold(self) -> float:
        """A customer is contacted from this score on."""

    @property
    def bands(self) -> dict[str, float]:
        """Band name to the smallest score in it."""

    @property
    def recommendations(self) -> dict[str, str]:
        """Band name to a text."""

    @property
    def limit(self) -> ContactLimit: ...

    @property
    def label_mean(self) -> float:
        """Over the training part: the prediction without a model."""

    @property
    def label_spread(self) -> float:
        """Standard deviation of the label over the training part."""

    @property
    def predicts_batches(self) -> bool:
        """Whether rows that come one by one may be predicted by one call of the model, see ``predict_each``."""

    def check_contract(self, contract: Contract) -> None:
        """Check that the decision is one for inputs by ``contract``.

        Raises:
            ValueError: it reads a feature that the contract does not have, or has with another type.
        """

    def check_threshold(self, threshold: float) -> None:
        """Check a threshold that replaces the decision's own.

        Raises:
            InputError: it is not a possible score.
        """

    def scores(self, outputs: ModelOutputs) -> NDArray[np.float64]:
        """The scores, shape (rows,): calibrated probabilities, or values within their bounds."""

    def predict(
        self,
        version: str,
        encoded: Encoded,
        outputs: ModelOutputs,
        threshold: float | None = None,
        reasons: Sequence[list[Reason]] = (),
    ) -> Prediction:
        """The prediction of rows.

        Args:
            threshold: replaces the decision's own, those of segments too.
        """

    def predict_each(self, version: str, rows: Sequence[Encoded], outputs: ModelOutputs) -> Iterator[Prediction]:
        """A prediction for each of ``rows``, one row each; ``outputs`` are those of all rows together."""

    def predict_without_model(self, version: str, rows: int, threshold: float | None) -> Prediction:
        """The same prediction for every one of ``rows``, from the training labels alone.

        Thresholds of segments do not count: a column may be the reason that there is no model to ask.
        """

    def with_companion(self, companion: Companion) -> Self:
        """This decision for the outputs of a companion, with its calibration or interval."""

    def histogram_ends(self) -> tuple[float, float]:
        """Between which scores a histogram of them is drawn."""

    def describe(self) -> dict[str, Any]:
        """How a score comes from the model's output, for ``train.json``."""

    def to_json(self) -> str:
        """The text of ``decision.json``."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            BundleError: if it is something else.
        """
