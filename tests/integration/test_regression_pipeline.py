"""A regression through every step of a run, twice: registered and served, then held against its own first version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import spending
import yaml
from documents import assert_valid
from pyarrow import csv
from typer.testing import CliRunner

from components.champion import logic as champion
from components.check_serving import logic as check_serving
from components.evaluate import logic as evaluate
from components.feature import logic as feature
from components.ingest import logic as ingest
from components.register import logic as register
from components.train import logic as train
from components.tune import logic as tune
from components.validate import drift as check_drift
from components.validate import logic as validate
from pipelines.cli import app
from tenure.tracking import Registry, resolve

pytestmark = [pytest.mark.slow]

ROWS = 1_500
FAMILY = "linear_regression"


def contract(**changed: Any) -> str:
    """One family and one trial: what is looked at is not the search."""
    document = yaml.safe_load(spending.CONTRACT)
    small = {
        "training": {"families": [FAMILY], "trials": 1, "folds": 3},
        "acceptance": {"bootstrap_samples": 200, "min_coverage": 0.8},  # of 225 test rows no more can be shown
        "serving": {"max_p99_ms": 5_000.0},
    }
    return yaml.safe_dump({**document, "source": {"uri": "spending.csv"}, **small, **changed})


class Run(NamedTuple):
    """What one run left behind."""

    evaluation: dict[str, Any]
    registered: dict[str, Any]
    serving: dict[str, Any]


def complete(folder: Path, text: str, run_id: str) -> Run:
    """All steps in their order, as the graph has them."""
    folder.mkdir()
    csv.write_csv(spending.table(ROWS), folder / "spending.csv")
    place = {
        name: folder / name for name in ("raw", "valid", "validation", "features", "trials", "candidates", "champion")
    }
    champion.run(contract=text, champion=place["champion"])
    ingest.run(text, None, place["raw"], folder)
    validate.run(text, place["raw"], place["valid"])
    check_drift.run(
        contract=text,
        raw=place["raw"],
        valid=place["valid"],
        findings=place["valid"],
        champion=place["champion"],
        validation=place["validation"],
    )
    feature.run(text, place["valid"], place["features"])
    tune.run(contract=text, features=place["features"], storage=str(folder / "studies.log"), trials=place["trials"])
    train.run(
        contract=text,
        raw=place["raw"],
        valid=place["valid"],
        features=place["features"],
        trials=[place["trials"]],
        candidates=place["candidates"],
        created_at="2026-01-01T00:00:00Z",
    )
    evaluation = folder / "evaluation"
    evaluate.run(
        contract=text,
        raw=place["raw"],
        valid=place["validation"],
        features=place["features"],
        candidates=place["candidates"],
        champion=place["champion"],
        evaluation=evaluation,
    )
    serving = folder / "serving" / "serving.json"
    check_serving.run(text, evaluation / "bundle", place["features"], place["valid"], serving)
    registered = register.run(
        evaluation=evaluation, validation=place["validation"], serving=folder / "serving", run_id=run_id
    )
    read = [json.loads((folder / name).read_text()) for name in ("evaluation/evaluation.json", "serving/serving.json")]
    assert_valid("evaluation", read[0])
    return Run(read[0], registered, read[1])


def test_a_regression_is_registered_served_and_then_beaten(tracked_home: Path, tmp_path: Path) -> None:
    first = complete(tmp_path / "first", contract(derived={}), "r1")
    assert first.evaluation["verdict"]["state"] == "bless", first.evaluation["verdict"]
    assert (first.registered["version"], first.registered["aliases"]) == ("1", ["challenger", "champion"])
    assert (first.serving["failures"], first.serving["rows_grpc"]) == ([], 100)
    assert first.serving["max_difference"] <= 1e-9

    # That orders times basket tells what will be spent is news to the champion.
    second = complete(tmp_path / "second", contract(), "r2")
    against = second.evaluation["champion"]
    assert second.evaluation["verdict"]["state"] == "bless", second.evaluation["verdict"]
    assert second.evaluation["verdict"]["summary"].startswith("Its RMSE is $")
    assert (against["version"], against["identical"]) == ("1", False)
    assert against["comparison"]["difference"]["high"] < 0.0
    assert against["comparison"]["share_better"] == 1.0
    assert (second.registered["version"], second.registered["aliases"]) == ("2", ["challenger"])

    newest, oldest = Registry("spending", resolve()).versions()
    assert newest.metrics["rmse"][0] == pytest.approx(second.evaluation["metrics"]["rmse"]["value"])
    assert newest.metrics["rmse"][0] < oldest.metrics["rmse"][0]

    _commands(tracked_home, tmp_path / "second", second)
    _mlflow_loads_it(tmp_path / "second")


def _commands(home: Path, folder: Path, run: Run) -> None:
    """What a person types afterwards."""
    command = CliRunner()
    at = ["--home", str(home), "--name", "spending"]
    listed = command.invoke(app, ["models", "list", *at])
    assert listed.exit_code == 0, listed.output
    assert "RMSE" in listed.output
    assert "ROC-AUC" not in listed.output
    asked = command.invoke(app, ["predict", str(folder / "spending.csv"), "--version", "2", "--json", *at])
    assert asked.exit_code == 0, asked.output
    rows = json.loads(asked.stdout)
    assert_valid("predictions", rows)
    value, low, high = (np.array([row[name] for row in rows]) for name in ("value", "value_low", "value_high"))
    truth = spending.values(spending.table(ROWS))
    assert np.sqrt(np.mean((value - truth) ** 2)) == pytest.approx(run.evaluation["metrics"]["rmse"]["value"], rel=0.2)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.9, abs=0.04)


def _mlflow_loads_it(folder: Path) -> None:
    import mlflow.pyfunc
    import pandas as pd

    location = resolve()
    mlflow.set_tracking_uri(location.uri)
    model = mlflow.pyfunc.load_model("models:/spending@challenger")
    example = pd.DataFrame(json.loads((folder / "evaluation" / "example.json").read_text()))
    answer = model.predict(example.astype({"basket": "float64"}))
    assert list(answer.columns) == ["value", "value_low", "value_high", "decision", "band"]
    assert (answer["value_low"] < answer["value"]).all()
