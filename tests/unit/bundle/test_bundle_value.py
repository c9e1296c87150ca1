"""Prediction of a number from a bundle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from spending import values

from tenure import bundle
from tenure.bundle import Bundle
from tenure.errors import BundleError, InputError
from tenure.tasks.value.decision import ValueDecision
from tenure.tasks.value.prediction import ValuePrediction


@pytest.fixture(scope="module")
def loaded(small_value_bundle: Any) -> Bundle:
    return bundle.read(small_value_bundle.folder)


@pytest.fixture(scope="module")
def columns(small_value_bundle: Any) -> dict[str, list]:
    rows = small_value_bundle.rows
    return {name: rows[name].to_pylist() for name in rows.column_names if name != "future_spend"}


def predicted(loaded: Bundle, columns: dict[str, list], **options: Any) -> ValuePrediction:
    prediction = loaded.predict(columns, **options)
    assert isinstance(prediction, ValuePrediction)
    return prediction


def test_a_prediction_has_every_part(loaded: Bundle, columns: dict, small_value_bundle: Any) -> None:
    prediction, decision = predicted(loaded, columns), loaded.decision
    assert isinstance(decision, ValueDecision)
    assert len(prediction) == 800 and prediction.version == loaded.version
    label = values(small_value_bundle.rows)
    assert np.sqrt(np.mean((prediction.value - label) ** 2)) < 0.7 * label.std()
    assert (prediction.low <= prediction.value).all() and (prediction.value <= prediction.high).all()
    assert (prediction.low >= 0.0).all()
    inside = (prediction.low <= label) & (label <= prediction.high)
    assert 0.85 < inside.mean() < 0.95
    assert (prediction.decision == (prediction.value >= decision.threshold)).all()
    assert 0.08 < prediction.decision.mean() < 0.17
    assert {*prediction.band} == {"low", "medium", "high"}
    words = loaded.contract.decision.recommendations
    assert [words[band] for band in prediction.band] == prediction.recommendation
    high = np.array(prediction.band) == "high"
    assert prediction.value[high].min() > prediction.value[~high].max()
    assert "basket" in prediction.imputed
    assert prediction.reasons == []


def test_reasons_add_up_to_the_margin(loaded: Bundle, columns: dict) -> None:
    prediction = predicted(loaded, columns, explain=1_000)
    sums = np.array([sum(reason.contribution for reason in row) for row in prediction.reasons])
    spread = loaded.decision.label_spread  # type: ignore[union-attr]
    assert np.abs(sums + loaded.explainer.expected - prediction.margin).max() < 1e-4 * spread


def test_a_value_that_cannot_be_is_moved_to_the_bound(loaded: Bundle, columns: dict) -> None:
    decision = loaded.decision
    assert isinstance(decision, ValueDecision)
    bounded = replace(loaded, decision=replace(decision, bounds=(50.0, 100.0)))
    prediction = predicted(bounded, columns)
    np.testing.assert_array_equal(prediction.value, np.clip(prediction.margin, 50.0, 100.0))
    assert prediction.low.min() == prediction.value.min() == 50.0 and prediction.high.max() == 100.0


def test_the_threshold_of_a_request(loaded: Bundle, columns: dict) -> None:
    prediction = predicted(loaded, columns, threshold=75.0)
    assert (prediction.decision == (prediction.value >= 75.0)).all()
    for threshold in (float("nan"), float("inf")):
        with pytest.raises(InputError, match="threshold is"):
            loaded.predict(columns, threshold=threshold)


def test_the_score_of_encoded_rows_is_the_value(loaded: Bundle, columns: dict) -> None:
    matrix = loaded.transform.encode(columns).matrix
    np.testing.assert_array_equal(loaded.score_matrix(matrix), predicted(loaded, columns).value)


def test_no_rows(loaded: Bundle, columns: dict) -> None:
    prediction = predicted(loaded, {name: [] for name in columns}, explain=3)
    assert (len(prediction), prediction.band, prediction.reasons) == (0, [], [])


@pytest.mark.parametrize("part", ["decision", "model"])
def test_the_parts_of_another_task_are_refused(
    part: str, loaded: Bundle, small_bundle: Any, small_value_bundle: Any, tmp_path: Any
) -> None:
    from tenure.training.export import ExportedModel

    def whole(folder: Any) -> dict[str, Any]:
        read = bundle.read(folder)
        model = ExportedModel((folder / "model.onnx").read_bytes(), read.terms)
        return {"contract": read.contract, "transform": read.transform, "model": model, "decision": read.decision}

    churn, spend = whole(small_bundle.folder), whole(small_value_bundle.folder)
    more: dict[str, Any] = {"profile": {}, "family": "any", "data_hash": "0" * 64, "created_at": "now"}
    bundle.write(tmp_path / "mixed", **{**spend, part: churn[part], **more})
    with pytest.raises(BundleError, match=r"decision\.json: not a decision about values|the link 'logit' is not valid"):
        bundle.read(tmp_path / "mixed")
