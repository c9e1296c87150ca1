"""The decision of a regression: interval, threshold and bands, as ``decision.json`` has them."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import NormalDist
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion, ModelOutputs
from tenure.contract import Contract
from tenure.decision.calibration import Floats
from tenure.decision.half_width import HalfWidth
from tenure.decision.profit import ContactLimit
from tenure.errors import BundleError, InputError
from tenure.explanation import Link, Reason
from tenure.tasks.value.prediction import ValuePrediction
from tenure.transform import Encoded

FILE_NAME = "decision.json"

HISTOGRAM_SPREADS = 4.0
"""Standard deviations of the label from its mean to the ends of a histogram of predictions."""


@dataclass(frozen=True)
class ValueDecision:
    """Interval, threshold and bands of a predicted value. See ``tenure.bundle.Decision``.

    Raises:
        ValueError: if a value is out of its range.
    """

    MODEL_OUTPUTS: ClassVar[tuple[str, ...]] = ("margin",)
    LINKS: ClassVar[tuple[Link, ...]] = ("value",)

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
    """On the rows held out, scaled to the customers of a period; see ``choose_decision``."""
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

    @property
    def predicts_batches(self) -> bool:
        return False

    def check_contract(self, contract: Contract) -> None:
        """Reads no column."""

    def check_threshold(self, threshold: float) -> None:
        if not math.isfinite(threshold):
            raise InputError(f"threshold is {threshold}, not a number")

    def scores(self, outputs: ModelOutputs) -> Floats:
        return self.value(outputs[0])

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

    def predict(
        self,
        version: str,
        encoded: Encoded,
        outputs: ModelOutputs,
        threshold: float | None = None,
        reasons: Sequence[list[Reason]] = (),
    ) -> ValuePrediction:
        (margin,) = outputs
        value = self.value(margin)
        low, high = self.interval(value)
        band = self.band(value)
        return ValuePrediction(
            version=version,
            value=value,
            low=low,
            high=high,
            decision=self.decide(value, threshold),
            band=band,
            recommendation=[self.recommendations.get(name, "") for name in band],
            margin=margin,
            imputed=encoded.imputed,
            unknown=encoded.unknown,
            out_of_range=encoded.out_of_range,
            reasons=list(reasons),
        )

    def predict_each(self, version: str, rows: Sequence[Encoded], outputs: ModelOutputs) -> Iterator[ValuePrediction]:
        (margin,) = outputs
        for index, row in enumerate(rows):
            yield self.predict(version, row, (margin[index : index + 1],))

    def predict_without_model(self, version: str, rows: int, threshold: float | None) -> ValuePrediction:
        """The training part's mean, for every row, in an interval of the labels themselves.

        The decision's own interval is as narrow as the model is good.
        """
        value = self.value(np.full(rows, self.label_mean))
        reach = NormalDist().inv_cdf((1.0 + self.level) / 2.0) * self.label_spread
        band = self.band(value)
        return ValuePrediction(
            version=version,
            value=value,
            low=self.value(value - reach),
            high=self.value(value + reach),
            decision=self.decide(value, threshold),
            band=band,
            recommendation=[self.recommendations.get(name, "") for name in band],
            margin=value,
            imputed={},
            unknown={},
            out_of_range={},
        )

    def with_companion(self, companion: Companion) -> Self:
        return self if companion.half_width is None else replace(self, half_width=companion.half_width)

    def histogram_ends(self) -> tuple[float, float]:
        """What the training labels make likely."""
        reach = HISTOGRAM_SPREADS * (self.label_spread or 1.0)
        low, high = self.value(np.array([self.label_mean - reach, self.label_mean + reach])).tolist()
        return (low, high) if low < high else (low - 1.0, high + 1.0)

    def describe(self) -> dict[str, Any]:
        return {"interval": {"level": self.level, **self.half_width.to_dict()}}

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
    def from_json(cls, text: str) -> Self:
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
