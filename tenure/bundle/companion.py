"""A linear model beside the main one, by which a server answers while the main one fails.

It reads the same matrix and needs only numpy, so that a failure of the main model's runtime or graph does not affect
it. It has its own calibration, or interval. Thresholds and bands are those of the bundle's decision: they apply to
calibrated probabilities, and to values, of any model.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.decision import ModelOutputs
from tenure.decision import Calibration, HalfWidth
from tenure.decision.calibration import sigmoid
from tenure.explanation import LinearTerms, Link


@dataclass(frozen=True, eq=False)
class Companion:
    """A linear model with a calibration for a probability, or with an interval for a value.

    Raises:
        ValueError: it has a calibration and predicts a value, or an interval and predicts a probability; or the score
            is not finite.
    """

    terms: LinearTerms
    calibration: Calibration | None
    """For classification, fitted on the rows held out; None for regression."""
    half_width: HalfWidth | None
    """Of the interval for regression, measured on the rows held out; None for classification."""
    validation_score: float
    """The contract's objective on the rows held out, before calibration."""

    def __post_init__(self) -> None:
        of_value = self.terms.link == "value"
        if (self.calibration is None) != of_value or (self.half_width is None) == of_value:
            raise ValueError(f"a companion with the link '{self.terms.link}' has a calibration or an interval too many")
        if not math.isfinite(self.validation_score):
            raise ValueError(f"validation_score {self.validation_score} is not a number")

    def run(self, matrix: NDArray[np.float32]) -> ModelOutputs:
        """As the main model: the margin, and with the link ``logit`` the probability before calibration."""
        margin = matrix.astype(np.float64) @ self.terms.weights + self.terms.intercept
        return (margin,) if self.terms.link == "value" else (margin, sigmoid(margin))

    def to_json(self) -> str:
        """The companion as JSON text; ``from_json`` reads it back to the last bit."""
        document = {
            "link": self.terms.link,
            "weights": self.terms.weights.tolist(),
            "intercept": self.terms.intercept,
            "means": self.terms.means.tolist(),
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "half_width": None if self.half_width is None else self.half_width.to_dict(),
            "validation_score": self.validation_score,
        }
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, features: int, link: Link) -> Companion:
        """Read what ``to_json`` wrote.

        Args:
            features: columns of the matrix that it must read.
            link: that it must have.

        Raises:
            ValueError, TypeError, KeyError: the text is not such a companion.
        """
        document: dict[str, Any] = json.loads(text)
        if document["link"] != link:
            raise ValueError(f"a model with the link '{document['link']}' where '{link}' is needed")
        terms = LinearTerms(
            np.array(document["weights"], dtype=np.float64),
            float(document["intercept"]),
            np.array(document["means"], dtype=np.float64),
            link,
        )
        if terms.width != features:
            raise ValueError(f"{terms.width} weights for {features} features")
        calibration, half_width = document["calibration"], document["half_width"]
        return cls(
            terms,
            None if calibration is None else Calibration.from_dict(calibration),
            None if half_width is None else HalfWidth.from_dict(half_width),
            float(document["validation_score"]),
        )
