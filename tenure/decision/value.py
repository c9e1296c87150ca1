"""From a predicted value to what is done about a customer: a regression's ``decision.json``."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.decision.calibration import Floats
from tenure.decision.half_width import HalfWidth
from tenure.decision.profit import ContactLimit
from tenure.errors import BundleError

FILE_NAME = "decision.json"


@dataclass(frozen=True)
class ValueDecision:
    """Interval, threshold and bands of a predicted value.

    Raises:
        ValueError: if a value is out of its range.
    """

    level: float
    """How often the true value shall lie in the interval."""
    half_width: HalfWidth
    """Of the interval, around the prediction; see ``tenure.decision.adaptive_half_width``."""
    bounds: tuple[float | None, float | None]
    """Smallest and largest value there can be; None where there is no bound."""
    threshold: float
    """A customer is contacted if the predicted value is at least this."""
    bands: dict[str, float]
    """Band name to the smallest value in it, ascending; the first also has all that lies below it."""
    recommendations: dict[str, str]
    label_mean: float
    """Over the training part: what would be predicted without a model."""
    label_spread: float
    """Standard deviation over the training part."""
    limit: ContactLimit
    expected: dict[str, Any]
    """On the validation part, scaled to a day's customers; see ``tenure.decision.choose_value_decision``."""
    _starts: list[float] = field(init=False, repr=False, compare=False)
    _names: list[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"level {self.level} is not a share between 0 and 1")
        if not 0.0 <= self.label_spread < math.inf:
            raise ValueError(f"label_spread {self.label_spread} is not a number from 0")
        if not (math.isfinite(self.threshold) and math.isfinite(self.label_mean)):
            raise ValueError("the threshold or the label's mean is not finite")
        low, high = self.bounds
        if low is not None and high is not None and low > high:
            raise ValueError(f"bounds {low} to {high} are empty")
        starts = list(self.bands.values())
        if not starts or any(not one < other for one, other in pairwise(starts)):
            raise ValueError(f"bands start at {starts}, which does not ascend")
        if not set(self.recommendations) <= set(self.bands):
            raise ValueError("a recommendation names a band that is not there")
        object.__setattr__(self, "_starts", starts[1:])
        object.__setattr__(self, "_names", list(self.bands))

    def value(self, margin: Floats) -> Floats:
        """Predicted values, shape (n,): the model's outputs, shape (n,), within the bounds.

        A value that cannot be is nearer to the true one once it is moved to the bound.
        """
        return np.clip(margin, *self.bounds) if self.bounds != (None, None) else margin

    def interval(self, value: Floats) -> tuple[Floats, Floats]:
        """Lowest and highest value to expect, shape (n,) each, within the bounds."""
        half = self.half_width.at(value)
        return self.value(value - half), self.value(value + half)

    def decide(self, value: Floats, threshold: float | None = None) -> NDArray[np.bool_]:
        """Whom to contact, shape (n,), by predicted values; ``threshold`` replaces the decision's own."""
        return value >= (self.threshold if threshold is None else threshold)

    def band(self, value: Floats) -> list[str]:
        """Band name of every predicted value; n names."""
        return [self._names[bisect_right(self._starts, v)] for v in value.tolist()]

    def to_json(self) -> str:
        """The decision as JSON text; ``from_json`` reads it back to an equal decision."""
        document = {
            "interval": {"level": self.level, **self.half_width.to_dict()},
            "bounds": list(self.bounds),
            "threshold": self.threshold,
            "bands": self.bands,
            "recommendations": self.recommendations,
            "label": {"mean": self.label_mean, "spread": self.label_spread},
            "limit": self.limit.to_dict(),
            "expected": self.expected,
        }
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ValueDecision:
        """Read what ``to_json`` wrote.

        Raises:
            BundleError: if it is something else.
        """
        try:
            document = json.loads(text)
            low, high = (None if bound is None else float(bound) for bound in document["bounds"])
            return cls(
                level=float(document["interval"]["level"]),
                half_width=HalfWidth.from_dict(document["interval"]),
                bounds=(low, high),
                threshold=float(document["threshold"]),
                bands={str(name): float(start) for name, start in document["bands"].items()},
                recommendations={str(name): str(words) for name, words in document["recommendations"].items()},
                label_mean=float(document["label"]["mean"]),
                label_spread=float(document["label"]["spread"]),
                limit=ContactLimit.from_dict(document["limit"]),
                expected=dict(document["expected"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise BundleError(f"{FILE_NAME}: not a decision about values: {type(error).__name__}: {error}") from error
