"""What a task has to offer for its evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.evaluation.against import C, Challenge
from tenure.evaluation.importance import Quality
from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.scoring import TestPart
from tenure.evaluation.verdict import Verdict
from tenure.stats.bootstrap import Estimate

Json = dict[str, Any]


class Predictions(Protocol):
    """The predictions of one model for the rows of a table."""

    @property
    def contacted(self) -> NDArray[np.bool_]:
        """(rows,) whether the model's decision is to contact this customer."""

    def take(self, rows: NDArray[np.bool_], /) -> Self:
        """Those of some of the rows."""


P = TypeVar("P", bound=Predictions)


class Evaluator(Protocol[P, C]):
    """Evaluates models of one task on some rows: predicts, measures, compares, decides."""

    @property
    def test(self) -> TestPart:
        """The rows."""

    @property
    def quality(self) -> Quality:
        """By which the importance of columns is measured."""

    @property
    def part_metrics(self) -> tuple[str, ...]:
        """Metrics that are compared between the rows a model was fitted to, held-out rows and test rows."""

    @property
    def spread_scale(self) -> float:
        """Unit of differences between families: 1 for probabilities, else the label's standard deviation."""

    def predict(self, bundle: Bundle, table: pa.Table) -> P:
        """The predictions of ``bundle`` for rows.

        Raises:
            DataError: a prediction is not a possible one, or ``table`` lacks a column.
            BundleError: the bundle is of another task.
        """

    def gather(self, found: Sequence[Prediction]) -> P:
        """Predictions of batches of rows, one after the other."""

    def measure(self, predictions: P) -> dict[str, Estimate]:
        """Metrics on these rows."""

    def compare(self, candidate: P, champion: P) -> C:
        """Both on these rows."""

    def paired(self, candidate: P, champion: P) -> dict[str, Estimate]:
        """Differences of metrics on these rows, candidate less champion, by the paired bootstrap."""

    def part(self, rows: NDArray[np.bool_]) -> Self:
        """The evaluator of some of the rows."""

    def on(self, rows: TestPart, samples: int) -> Self:
        """The evaluator of other rows, by so many bootstrap resamples."""

    def calibration_change(self, candidate: Bundle) -> Json | None:
        """The candidate's probabilities on these rows before and after calibration; None of a regression."""

    def row_errors(self, predictions: P) -> RowErrors:
        """How wrong ``predictions`` are about each of these rows."""

    def counts(self) -> Json:
        """Numbers of rows, ``rows`` among them."""

    def too_small(self) -> str | None:
        """Why these rows are too few to be measured, if they are."""

    def decide(
        self, metrics: dict[str, Estimate], predictions: P, candidate: Bundle, challenge: Challenge[C] | None
    ) -> Verdict:
        """The verdict on the candidate, whose metrics and predictions are given."""

    def record(self, predictions: P, candidate: Bundle) -> Json:
        """The task's own entries of ``evaluation.json``; ``chosen``, ``business`` and ``curves`` among them."""

    def within_times(self, candidate: Bundle) -> list[Json]:
        """How the candidate's probabilities within the label's times hold on these rows, which it has not seen; empty
        where it has none."""

    def summarize(self, document: Json) -> Json:
        """The task's own entries of the step's summary, from ``evaluation.json``."""
