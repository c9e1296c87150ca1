"""All figures for data scientists that an evaluation makes, and the file of the customers it is most wrong about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from tenure.bundle import Bundle
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.evaluation.against import C
from tenure.evaluation.evaluator import Evaluator, P
from tenure.evaluation.science.disagreement import FamilyPredictions, disagreement
from tenure.evaluation.science.most_wrong import MostWrong, most_wrong
from tenure.evaluation.science.parts import parts
from tenure.evaluation.science.segments import Segments, segments_of, worst_segments
from tenure.evaluation.scoring import TestPart
from tenure.evaluation.value_names import name_values
from tenure.stats.bootstrap import Estimate

FITTED_SAMPLES = 200
"""Bootstrap resamples of rows that the model was fitted to: their figures decide nothing."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Errors:
    """What was found."""

    record: Json
    """``science`` of ``evaluation.json``."""
    most_wrong: MostWrong


@dataclass(frozen=True)
class Judged(Generic[P, C]):
    """Predictions that the verdict rests on: for the test part, or cross-fitted for all rows of a small table."""

    evaluator: Evaluator[P, C]
    predictions: P
    metrics: Mapping[str, Estimate]


def find_errors(
    *,
    contract: Contract,
    chosen: Bundle,
    judged: Judged[P, C],
    evaluator: Evaluator[P, C],
    families: Mapping[str, P],
    train: Json,
    fitted: TestPart | None,
) -> Errors:
    """Find where the chosen model is wrong, among the rows it is judged by, and where the families disagree.

    Args:
        evaluator: of the test part.
        families: predictions for the test part of every family that could be scored, by name.
        train: the content of ``train.json``.
        fitted: rows that the chosen model was fitted to.
    """
    test, errors = judged.evaluator.test, judged.evaluator.row_errors(judged.predictions)
    wrong = most_wrong(contract, chosen, test, errors)
    compared = [
        FamilyPredictions(name, evaluator.row_errors(found).predicted, found.contacted)
        for name, found in families.items()
    ]
    (entry,) = [entry for entry in train["leaderboard"] if entry["family"] == train["chosen"]]
    record = {
        "parts": parts(
            evaluator.part_metrics,
            fitted=_measured(evaluator, chosen, fitted),
            fitted_rows=0 if fitted is None else fitted.rows,
            entry=entry,
            test=judged.metrics,
        ),
        "calibration": evaluator.calibration_change(chosen),
        "segments": worst_segments(_segments(contract, test), errors),
        "disagreement": disagreement(compared, _segments(contract, evaluator.test), scale=evaluator.spread_scale),
        "most_wrong": wrong.record,
    }
    return Errors(record, wrong)


def _segments(contract: Contract, test: TestPart) -> Segments:
    columns = {name: name_values(contract, name, test.table.column(name)) for name in contract.inputs}
    return segments_of(columns, test.customer)


def _measured(evaluator: Evaluator[P, C], chosen: Bundle, fitted: TestPart | None) -> Mapping[str, Estimate] | None:
    """Metrics on rows that the model was fitted to; None where there are none, or it cannot predict for one of them."""
    if fitted is None:
        return None
    on_fitted = evaluator.on(fitted, FITTED_SAMPLES)
    try:
        return on_fitted.measure(on_fitted.predict(chosen, fitted.table))
    except InputError:
        return None
