"""A model as it is shipped. ``Bundle.predict`` is the one implementation of prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.companion import Companion
from tenure.bundle.manifest import Manifest
from tenure.bundle.onnx_model import OnnxModel
from tenure.bundle.prediction import Prediction, ValuePrediction
from tenure.contract import Contract
from tenure.decision import Decision, ValueDecision
from tenure.errors import InputError
from tenure.explanation import Explainer, Reason, Terms
from tenure.transform import Columns, Encoded, Transform


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle. Safe to use from several threads."""

    manifest: Manifest
    contract: Contract
    transform: Transform
    decision: Decision | ValueDecision
    """By the contract's task."""
    terms: Terms
    profile: dict[str, Any]
    """Reference distributions of the inputs, as ``tenure.stats`` wrote them."""
    model: OnnxModel
    companion: Companion | None = None
    """None: the model is linear itself, or the bundle is older than companions."""

    @property
    def version(self) -> str:
        return self.manifest.version

    @cached_property
    def explainer(self) -> Explainer:
        """Built when first asked for: most requests want no reasons."""
        return Explainer(self.terms, [feature.source for feature in self.transform.features])

    @cached_property
    def _companion_decision(self) -> Decision | ValueDecision | None:
        return None if self.companion is None else self.companion.decision(self.decision)

    def score_matrix(self, matrix: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Margin and probability before calibration, shape (rows,) each, of encoded rows (rows, features).

        Raises:
            InputError: the bundle is a regression's, which has no probability.
        """
        if isinstance(self.decision, ValueDecision):
            raise InputError(f"'{self.contract.name}' predicts a number: its model has no probability")
        return self.model.run(matrix)

    def predict(
        self, columns: Columns, *, explain: int = 0, threshold: float | None = None
    ) -> Prediction | ValuePrediction:
        """Predict from raw columns by name.

        Args:
            columns: the contract's inputs, equally long; others are ignored.
            explain: how many reasons a row, at most.
            threshold: contact from this probability, or value, on, instead of from the bundle's own thresholds.

        Returns:
            A ``ValuePrediction`` if the contract's task is regression, a ``Prediction`` if it is classification.

        Raises:
            DataError: a column is missing or holds what the contract does not allow there.
            InputError: ``explain`` or ``threshold`` is out of range.
        """
        if explain < 0:
            raise InputError(f"explain is {explain}, not a number of reasons")
        decision = self.decision
        _check_threshold(decision, threshold)
        if isinstance(decision, ValueDecision):
            return self._predict_value(decision, self.transform.encode(columns), explain, threshold)
        return self._predict_class(decision, self.transform.encode(columns), explain, threshold)

    def predict_by_companion(
        self, columns: Columns, *, threshold: float | None = None
    ) -> Prediction | ValuePrediction | None:
        """What the companion says, without reasons; None if the bundle has none.

        A server answers with it while the model fails; nothing else does. The margin is the companion's.

        Raises:
            DataError, InputError: as for ``predict``.
        """
        companion, decision = self.companion, self._companion_decision
        if companion is None or decision is None:
            return None
        _check_threshold(decision, threshold)
        encoded = self.transform.encode(columns)
        margin, raw = companion.run(encoded.matrix)
        if isinstance(decision, ValueDecision):
            return self._value(decision, encoded, margin, threshold, [])
        return self._class(decision, encoded, (margin, raw), threshold, [])

    def predict_each(self, rows: Sequence[Columns]) -> list[Prediction | ValuePrediction | InputError]:
        """As ``predict`` of every row by itself, by one call of the model; its error in the place of a bad row.

        Args:
            rows: for each the contract's inputs, one value a column.
        """
        encoded: list[Encoded | InputError] = []
        for columns in rows:
            try:
                encoded.append(self.transform.encode(columns))
            except InputError as error:
                encoded.append(error)
        good = [row for row in encoded if isinstance(row, Encoded)]
        if not good:
            return [row for row in encoded if isinstance(row, InputError)]
        decision = self.decision
        predictions: Iterator[Prediction | ValuePrediction]
        if isinstance(decision, ValueDecision) or decision.segments or len(good) == 1:
            predictions = iter([self._predict_encoded(row) for row in good])
        else:
            predictions = self._classes(decision, good)
        return [row if isinstance(row, InputError) else next(predictions) for row in encoded]

    def _predict_encoded(self, encoded: Encoded) -> Prediction | ValuePrediction:
        if isinstance(self.decision, ValueDecision):
            return self._predict_value(self.decision, encoded, 0, None)
        return self._predict_class(self.decision, encoded, 0, None)

    def _classes(self, decision: Decision, rows: list[Encoded]) -> Iterator[Prediction]:
        """For rows by themselves that have no part in a segment."""
        margin, raw = self.model.run(np.concatenate([row.matrix for row in rows]))
        probability = decision.calibrate(margin, raw)
        decided = decision.decide(probability)
        for index, (row, name) in enumerate(zip(rows, decision.band(probability), strict=True)):
            place = slice(index, index + 1)
            yield Prediction(
                version=self.manifest.version,
                probability=probability[place],
                decision=decided[place],
                band=[name],
                recommendation=[decision.recommendations.get(name, "")],
                margin=margin[place],
                imputed=row.imputed,
                unknown=row.unknown,
                out_of_range=row.out_of_range,
            )

    def _predict_class(self, decision: Decision, encoded: Encoded, explain: int, threshold: float | None) -> Prediction:
        scores = self.model.run(encoded.matrix)
        return self._class(decision, encoded, scores, threshold, self._reasons(encoded, explain))

    def _class(
        self,
        decision: Decision,
        encoded: Encoded,
        scores: tuple[NDArray[np.float64], NDArray[np.float64]],
        threshold: float | None,
        reasons: list[list[Reason]],
    ) -> Prediction:
        margin, raw = scores
        probability = decision.calibrate(margin, raw)
        band = decision.band(probability)
        return Prediction(
            version=self.manifest.version,
            probability=probability,
            decision=decision.decide(probability, threshold, columns=encoded.values if decision.segments else None),
            band=band,
            recommendation=[decision.recommendations.get(name, "") for name in band],
            margin=margin,
            imputed=encoded.imputed,
            unknown=encoded.unknown,
            out_of_range=encoded.out_of_range,
            reasons=reasons,
        )

    def _predict_value(
        self, decision: ValueDecision, encoded: Encoded, explain: int, threshold: float | None
    ) -> ValuePrediction:
        margin = self.model.margin(encoded.matrix)
        return self._value(decision, encoded, margin, threshold, self._reasons(encoded, explain))

    def _value(
        self,
        decision: ValueDecision,
        encoded: Encoded,
        margin: NDArray[np.float64],
        threshold: float | None,
        reasons: list[list[Reason]],
    ) -> ValuePrediction:
        value = decision.value(margin)
        low, high = decision.interval(value)
        band = decision.band(value)
        return ValuePrediction(
            version=self.manifest.version,
            value=value,
            low=low,
            high=high,
            decision=decision.decide(value, threshold),
            band=band,
            recommendation=[decision.recommendations.get(name, "") for name in band],
            margin=margin,
            imputed=encoded.imputed,
            unknown=encoded.unknown,
            out_of_range=encoded.out_of_range,
            reasons=reasons,
        )

    def _reasons(self, encoded: Encoded, explain: int) -> list[list[Reason]]:
        return self.explainer.reasons(encoded.matrix, explain) if explain else []


def _check_threshold(decision: Decision | ValueDecision, threshold: float | None) -> None:
    if threshold is None:
        return
    if isinstance(decision, ValueDecision):
        if not math.isfinite(threshold):
            raise InputError(f"threshold is {threshold}, not a number")
    elif not 0.0 <= threshold <= 1.0:
        raise InputError(f"threshold is {threshold}, not a probability between 0 and 1")
