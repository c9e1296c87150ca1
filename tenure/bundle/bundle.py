"""A loaded bundle. ``Bundle.predict`` is the only implementation of prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions import AddedColumn, Addition
from tenure.bundle.companion import Companion
from tenure.bundle.decision import Decision
from tenure.bundle.manifest import Manifest
from tenure.bundle.onnx_model import OnnxModel
from tenure.bundle.prediction import Prediction
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.explanation import Explainer, Terms
from tenure.signing import Signed
from tenure.transform import Columns, Encoded, Transform, with_today


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle. Safe to use from several threads."""

    manifest: Manifest
    contract: Contract
    transform: Transform
    decision: Decision
    """Of the contract's task."""
    terms: Terms
    profile: dict[str, Any]
    """Reference distributions of the inputs, as ``tenure.stats`` wrote them."""
    model: OnnxModel
    companion: Companion | None = None
    """None: the model is linear itself, or the bundle is older than companions."""
    additions: tuple[Addition, ...] = ()
    """What gives outputs beside the prediction."""
    signed: Signed | None = None
    """The verified signature; None if the bundle was read without a trust root."""

    @property
    def version(self) -> str:
        return self.manifest.version

    @cached_property
    def explainer(self) -> Explainer:
        """Built when first used: most requests ask for no reasons."""
        return Explainer(self.terms, [feature.source for feature in self.transform.features])

    @cached_property
    def added_columns(self) -> dict[str, AddedColumn]:
        """The outputs of all additions by name."""
        return {column.name: column for addition in self.additions for column in addition.columns}

    @cached_property
    def _companion_decision(self) -> Decision | None:
        return None if self.companion is None else self.decision.with_companion(self.companion)

    def score_matrix(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The scores of encoded rows (rows, features), shape (rows,)."""
        return self.decision.scores(self.model.run(matrix))

    def predict(
        self,
        columns: Columns,
        *,
        explain: int = 0,
        threshold: float | None = None,
        day: date | None = None,
        additions: bool = False,
    ) -> Prediction:
        """Predict from raw columns by name.

        Args:
            columns: the contract's inputs, equally long; others are ignored.
            explain: maximum number of reasons a row.
            threshold: contact from this score on, instead of the bundle's thresholds.
            day: of the prediction, for rows that name none themselves; see ``tenure.transform.today``. Only a model
                whose features depend on it needs one.
            additions: whether ``Prediction.added`` holds the outputs of the bundle's additions.

        Returns:
            The prediction of the contract's task: a ``ChurnPrediction`` or a ``ValuePrediction``.

        Raises:
            DataError: a column is missing, or a value is invalid by the contract.
            InputError: ``explain`` or ``threshold`` is out of range, or a row has no day.
        """
        if explain < 0:
            raise InputError(f"explain is {explain}, not a number of reasons")
        if threshold is not None:
            self.decision.check_threshold(threshold)
        encoded = self.transform.encode(with_today(self.contract, columns, day))
        prediction = self._predict_encoded(encoded, explain, threshold)
        return self._with_additions(prediction, encoded) if additions else prediction

    def predict_by_companion(
        self, columns: Columns, *, threshold: float | None = None, additions: bool = False
    ) -> Prediction | None:
        """The companion's prediction, without reasons; None if the bundle has no companion.

        Only a server uses it, while the model fails. The margin is the companion's. The columns hold the day of the
        prediction, where a feature depends on it.

        Raises:
            DataError, InputError: as for ``predict``.
        """
        companion, decision = self.companion, self._companion_decision
        if companion is None or decision is None:
            return None
        if threshold is not None:
            decision.check_threshold(threshold)
        encoded = self.transform.encode(columns)
        prediction = decision.predict(self.manifest.version, encoded, companion.run(encoded.matrix), threshold)
        return self._with_additions(prediction, encoded) if additions else prediction

    def predict_each(self, rows: Sequence[Columns]) -> list[Prediction | InputError]:
        """As ``predict`` for each row, with one run of the model.

        Args:
            rows: the contract's inputs of each row, one value a column, and the day of the prediction where a feature
                depends on it.

        Returns:
            A prediction for each row, or the error of an invalid row.
        """
        encode = self.transform.encode
        try:
            return self._predict_each_encoded([encode(columns) for columns in rows])
        except InputError:
            encoded = [self._encoded_or_error(columns) for columns in rows]
        predictions = iter(self._predict_each_encoded([row for row in encoded if isinstance(row, Encoded)]))
        return [row if isinstance(row, InputError) else next(predictions) for row in encoded]

    def _predict_each_encoded(self, rows: list[Encoded]) -> list[Prediction | InputError]:
        if self.decision.predicts_batches and len(rows) > 1:
            outputs = self.model.run(np.concatenate([row.matrix for row in rows]))
            return [*self.decision.predict_each(self.manifest.version, rows, outputs)]
        return [self._predict_encoded(row) for row in rows]

    def _encoded_or_error(self, columns: Columns) -> Encoded | InputError:
        try:
            return self.transform.encode(columns)
        except InputError as error:
            return error

    def _with_additions(self, prediction: Prediction, encoded: Encoded) -> Prediction:
        prediction.added = {
            name: values
            for addition in self.additions
            for name, values in addition.values(encoded, prediction.score).items()
        }
        return prediction

    def _predict_encoded(self, encoded: Encoded, explain: int = 0, threshold: float | None = None) -> Prediction:
        outputs = self.model.run(encoded.matrix)
        reasons = self.explainer.reasons(encoded.matrix, explain) if explain else []
        return self.decision.predict(self.manifest.version, encoded, outputs, threshold, reasons)
