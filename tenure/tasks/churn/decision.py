"""The decision of a classification: calibration, threshold and bands, as ``decision.json`` has them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Companion, ModelOutputs
from tenure.contract import Contract
from tenure.contract.values import Value
from tenure.decision.calibration import Calibration, Floats, log_odds
from tenure.decision.profit import ContactLimit
from tenure.decision.segments import Segment, members, shifted
from tenure.errors import BundleError, InputError
from tenure.explanation import Link, Reason
from tenure.tasks.churn.prediction import ChurnPrediction
from tenure.transform import Encoded

FILE_NAME = "decision.json"


@dataclass(frozen=True)
class ChurnDecision:
    """Calibration, threshold, bands; and the profit that they were chosen for. See ``tenure.bundle.Decision``.

    Raises:
        ValueError: if a value is out of its range.
    """

    MODEL_OUTPUTS: ClassVar[tuple[str, ...]] = ("margin", "probability")
    LINKS: ClassVar[tuple[Link, ...]] = ("logit", "identity")

    calibration: Calibration
    threshold: float
    """A customer is contacted if the calibrated probability is at least this; above 1: nobody is."""
    segments: tuple[Segment, ...] = field(default=(), kw_only=True)
    """Customers with thresholds of their own; the first that a customer is in counts."""
    bands: dict[str, float]
    """Band name to the smallest probability in it; ascending from 0."""
    recommendations: dict[str, str]
    base_rate: float
    """Share of churners in the training part."""
    limit: ContactLimit
    expected: dict[str, Any]
    """On the rows held out, scaled to the customers of a period; see ``choose_decision``."""
    profit_curve: tuple[dict[str, float], ...] = ()
    """Points for a picture: share contacted, threshold, profit in a period."""
    calibration_log_loss: dict[str, float] = field(default_factory=dict)
    """Cross-validated log loss of every calibration method."""
    _starts: list[float] = field(init=False, repr=False, compare=False)
    _names: list[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.threshold) and self.threshold >= 0.0):
            raise ValueError(f"threshold {self.threshold} is not a number from 0")
        starts = list(self.bands.values())
        if not starts or starts[0] != 0.0 or any(low >= high for low, high in pairwise(starts)):
            raise ValueError(f"bands start at {starts}, which does not ascend from 0")
        if not set(self.recommendations) <= set(self.bands):
            raise ValueError("a recommendation names a band that is not there")
        if not 0.0 <= self.base_rate <= 1.0:
            raise ValueError(f"base rate {self.base_rate} is not a share")
        object.__setattr__(self, "_starts", starts)
        object.__setattr__(self, "_names", list(self.bands))

    @property
    def label_mean(self) -> float:
        return self.base_rate

    @property
    def label_spread(self) -> float:
        return float(np.sqrt(self.base_rate * (1.0 - self.base_rate)))

    @property
    def predicts_batches(self) -> bool:
        # A row's segment is found by its own columns.
        return not self.segments

    def check_contract(self, contract: Contract) -> None:
        for segment in self.segments:
            segment.check(contract)

    def check_threshold(self, threshold: float) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise InputError(f"threshold is {threshold}, not a probability between 0 and 1")

    def scores(self, outputs: ModelOutputs) -> Floats:
        # Without columns the rows' segments are not known.
        return self.calibration.apply(*outputs)

    def calibrate(self, margin: Floats, probability: Floats, *, columns: Mapping[str, Value] | None = None) -> Floats:
        """Calibrated probabilities, shape (n,), from the model's margins and raw probabilities, shape (n,) each.

        Args:
            columns: inputs and derived features by name; needed where a segment has a calibration of its own.

        Raises:
            ValueError: a segment has, and there are no columns to tell it by.
        """
        common = self.calibration.apply(margin, probability)
        if all(segment.shift == 0.0 for segment in self.segments):
            return common
        return shifted(common, self.segments, self._inside(columns))

    def decide(
        self, probability: Floats, threshold: float | None = None, *, columns: Mapping[str, Value] | None = None
    ) -> NDArray[np.bool_]:
        """Whom to contact, shape (n,), by calibrated probabilities.

        Args:
            threshold: replaces the decision's own, those of segments too.
            columns: inputs and derived features by name; needed where there are segments.

        Raises:
            ValueError: there are segments, and no columns to tell them by.
        """
        if threshold is not None or not self.segments:
            return probability >= (self.threshold if threshold is None else threshold)
        limits = np.full(len(probability), self.threshold)
        for segment, inside in zip(self.segments, self._inside(columns), strict=True):
            limits[inside] = segment.threshold
        return np.asarray(probability >= limits)

    def _inside(self, columns: Mapping[str, Value] | None) -> list[NDArray[np.bool_]]:
        if columns is None:
            raise ValueError("a decision by segments needs the customers' columns")
        return members(self.segments, columns)

    def band(self, probability: Floats) -> list[str]:
        """Band name of every calibrated probability; n names."""
        starts, names = self._starts, self._names
        return [names[bisect_right(starts, p) - 1] for p in probability.tolist()]

    def predict(
        self,
        version: str,
        encoded: Encoded,
        outputs: ModelOutputs,
        threshold: float | None = None,
        reasons: Sequence[list[Reason]] = (),
    ) -> ChurnPrediction:
        margin, raw = outputs
        # Computed anew whenever asked for, where one row was encoded.
        columns = encoded.values if self.segments else None
        probability = self.calibrate(margin, raw, columns=columns)
        band = self.band(probability)
        return ChurnPrediction(
            version=version,
            probability=probability,
            decision=self.decide(probability, threshold, columns=columns),
            band=band,
            recommendation=[self.recommendations.get(name, "") for name in band],
            margin=margin,
            imputed=encoded.imputed,
            unknown=encoded.unknown,
            out_of_range=encoded.out_of_range,
            reasons=list(reasons),
        )

    def predict_each(self, version: str, rows: Sequence[Encoded], outputs: ModelOutputs) -> Iterator[ChurnPrediction]:
        margin, raw = outputs
        probability = self.calibrate(margin, raw)
        decided = self.decide(probability)
        recommendation = self.recommendations.get
        for index, (row, name) in enumerate(zip(rows, self.band(probability), strict=True)):
            after = index + 1
            yield ChurnPrediction(
                version=version,
                probability=probability[index:after],
                decision=decided[index:after],
                band=[name],
                recommendation=[recommendation(name, "")],
                margin=margin[index:after],
                imputed=row.imputed,
                unknown=row.unknown,
                out_of_range=row.out_of_range,
            )

    def predict_without_model(self, version: str, rows: int, threshold: float | None) -> ChurnPrediction:
        """The training part's share of churners, for every row."""
        probability = np.full(rows, self.base_rate)
        band = self.band(probability)
        return ChurnPrediction(
            version=version,
            probability=probability,
            decision=probability >= (self.threshold if threshold is None else threshold),
            band=band,
            recommendation=[self.recommendations.get(name, "") for name in band],
            margin=log_odds(probability),
            imputed={},
            unknown={},
            out_of_range={},
        )

    def with_companion(self, companion: Companion) -> Self:
        if companion.calibration is None:
            return self
        # The shifts correct the errors of the main model, not of the companion.
        segments = tuple(replace(segment, shift=0.0) for segment in self.segments)
        return replace(self, calibration=companion.calibration, segments=segments)

    def histogram_ends(self) -> tuple[float, float]:
        return 0.0, 1.0

    def describe(self) -> dict[str, Any]:
        return {"calibration": self.calibration.method}

    def to_json(self) -> str:
        """The decision as JSON text; ``from_json`` reads it back to an equal decision."""
        document = {
            "calibration": self.calibration.to_dict() | {"log_loss": self.calibration_log_loss},
            "threshold": self.threshold,
            "segments": [segment.to_dict() for segment in self.segments],
            "bands": self.bands,
            "recommendations": self.recommendations,
            "base_rate": self.base_rate,
            "limit": self.limit.to_dict(),
            "expected": self.expected,
            "profit_curve": list(self.profit_curve),
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
            return cls(
                calibration=Calibration.from_dict(document["calibration"]),
                threshold=float(document["threshold"]),
                segments=tuple(Segment.from_dict(segment) for segment in document["segments"]),
                bands={str(name): float(start) for name, start in document["bands"].items()},
                recommendations={str(name): str(words) for name, words in document["recommendations"].items()},
                base_rate=float(document["base_rate"]),
                limit=ContactLimit.from_dict(document["limit"]),
                expected=dict(document["expected"]),
                profit_curve=tuple(document["profit_curve"]),
                calibration_log_loss=dict(document["calibration"]["log_loss"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise BundleError(f"{FILE_NAME}: not a decision: {type(error).__name__}: {error}") from error
