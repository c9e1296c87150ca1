"""Answers of the server and of `tenure predict`, for both tasks, as the published JSON Schemas say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from bundle_variants import clustered
from documents import assert_valid

from pipelines.local.prediction import LocalPredictor
from serving.v2.answer import output_tensors
from serving.v2.rest import write_answer
from tenure import bundle
from tenure.protocol import added_among, predictions

ROWS = 5


@pytest.fixture(params=["classification", "regression"])
def small(request: pytest.FixtureRequest, small_bundle: Any, small_value_bundle: Any) -> Any:
    return small_bundle if request.param == "classification" else small_value_bundle


@pytest.mark.parametrize("explain", [0, 2])
@pytest.mark.parametrize("fallback", ["", "reasons"])
def test_an_answer_in_json(small: Any, explain: int, fallback: str) -> None:
    model = bundle.read(small.folder)
    columns = {name: small.rows[name].to_pylist()[:ROWS] for name in model.contract.inputs}
    outputs = output_tensors(model.predict(columns, explain=explain), explain, None)
    content, length = write_answer("telco", model.version, "42", outputs, frozenset(), fallback=fallback)
    assert length is None
    answer = orjson.loads(content)
    assert_valid("prediction-answer", answer)
    rows = json.loads(json.dumps(predictions(answer)))
    assert len(rows) == ROWS
    assert_valid("predictions", rows)


def test_an_answer_with_additions(small: Any, tmp_path: Path) -> None:
    clustered(small.folder, tmp_path / "clustered")
    model = bundle.read(tmp_path / "clustered")
    columns = {name: small.rows[name].to_pylist()[:ROWS] for name in model.contract.inputs}
    added = model.added_columns
    prediction = model.predict(columns, additions=True)
    names = [output.name for output in output_tensors(prediction, 0, None)]
    outputs = output_tensors(prediction, 0, [*names, *added], added)
    answer = orjson.loads(write_answer("telco", model.version, "42", outputs, frozenset())[0])
    assert_valid("prediction-answer", answer)
    remote = predictions(answer)
    assert_valid("predictions", json.loads(json.dumps(remote)))
    records = [{name: columns[name][row] for name in columns} for row in range(ROWS)]
    local = LocalPredictor(model, date(2026, 11, 30)).predict(records, explain=0, threshold=None)
    assert_valid("predictions", json.loads(json.dumps(local)))
    clusters = prediction.added["cluster"] if prediction.added else None
    assert clusters == [row["additions"]["cluster"] for row in remote] == [row["additions"]["cluster"] for row in local]
    assert added_among([*names, *added]) == ("cluster",)


def test_an_answer_in_binary_form(small: Any) -> None:
    model = bundle.read(small.folder)
    columns = {name: small.rows[name].to_pylist()[:ROWS] for name in model.contract.inputs}
    outputs = output_tensors(model.predict(columns), 0, None)
    content, length = write_answer("telco", model.version, "42", outputs, frozenset({"band", "decision"}))
    assert length is not None
    assert_valid("prediction-answer", orjson.loads(content[:length]))


def test_predictions_of_a_bundle_in_this_process(small: Any) -> None:
    model = bundle.read(small.folder)
    records = [{name: small.rows[name][row].as_py() for name in model.contract.inputs} for row in range(ROWS)]
    rows = LocalPredictor(model, date(2026, 11, 30)).predict(records, explain=2, threshold=None)
    assert_valid("predictions", json.loads(json.dumps(rows)))
