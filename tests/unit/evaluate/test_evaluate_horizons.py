"""Probabilities within times, from the tables of a business to the report, by the steps of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from documents import assert_valid
from video_service import CONTRACT, tables, write_dataset

from components.evaluate import logic as evaluate
from components.feature import logic as feature
from components.ingest import logic as ingest
from components.train import logic as train
from components.validate import logic as validate
from tenure.bundle import read
from tenure.bundle.additions.kinds.horizons import Horizons
from tenure.training.best_trial import FILE_NAME as TRIALS_FILE

TIMED = CONTRACT.replace("horizon: 30 days}", "horizon: 30 days, times: [1 day, 15 days, 30 days]}")
FAMILIES = "training: {families: [logistic_regression], objective: roc_auc, folds: 2, trials: 1}\n"
NAMES = ["probability_within_1d", "probability_within_15d", "probability_within_30d"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a run."""
    root = tmp_path_factory.mktemp("run")
    dataset = write_dataset(root / "dataset", tables(customers=900), TIMED + FAMILIES)
    text = (dataset / "contract.yaml").read_text()
    ingest.run(text, None, root / "raw", dataset)
    validate.run(text, root / "raw", root / "valid")
    feature.run(text, root / "valid", root / "features")
    trial = {"number": 0, "state": "complete", "score": 0.7, "scores": [0.69, 0.71], "rounds": None}
    trial |= {"parameters": {"imbalance": "none", "C": 1.0}, "seconds": 1.0}
    (root / "trials").mkdir()
    units = [{"family": "logistic_regression", "shard": 0, "trials": [trial]}]
    (root / "trials" / TRIALS_FILE).write_text(json.dumps({"objective": "roc_auc", "units": units}))
    shared: dict[str, Any] = {name: root / name for name in ("raw", "valid", "features", "candidates")}
    train.run(contract=text, trials=[root / "trials"], created_at="2026-01-02T03:04:05+00:00", **shared)
    (root / "champion").mkdir()
    champion = {"name": "video", "version": None, "bundle_version": None, "unreadable": None}
    (root / "champion" / "champion.json").write_text(json.dumps(champion))
    evaluate.run(contract=text, champion=root / "champion", evaluation=root / "evaluation", **shared)
    return root


def test_the_bundle_has_the_hazards_and_train_json_how_they_were_chosen(run: Path) -> None:
    (horizons,) = (each for each in read(run / "evaluation" / "bundle").additions if isinstance(each, Horizons))
    assert [column.name for column in horizons.columns] == NAMES
    record = json.loads((run / "candidates" / "train.json").read_text())["horizons"]
    validation = pq.read_table(run / "features" / "validation.parquet")["_part"].to_numpy()
    assert record["rows"] == len(validation)
    assert record["events"] == np.bincount(validation, minlength=4)[1:].tolist()


def test_each_time_is_held_against_what_happened_in_the_test_part(run: Path) -> None:
    document = json.loads((run / "evaluation" / "evaluation.json").read_text())
    assert_valid("evaluation", document)
    test = pq.read_table(run / "features" / "test.parquet")
    bundle = read(run / "evaluation" / "bundle")
    found = bundle.predict({name: test[name] for name in bundle.contract.inputs}, additions=True).added
    assert found is not None
    part = test["_part"].to_numpy()
    records = {record["output"]: record for record in document["horizons"]}
    assert list(records) == NAMES
    for number, (name, record) in enumerate(records.items(), start=1):
        happened = (part > 0) & (part <= number)
        assert record["rate"] == happened.mean()
        assert record["mean_probability"] == pytest.approx(np.asarray(found[name]).mean())
    day, fortnight, horizon = records.values()
    assert day["too_small"].startswith("too small: ") and day["metrics"] == {}
    assert set(fortnight["metrics"]) == {"roc_auc", "log_loss", "brier", "calibration_error"}
    whole = document["metrics"]
    assert horizon["metrics"] == {name: whole[name] for name in horizon["metrics"]}
    assert horizon["rate"] == document["test"]["churn_rate"]


def test_the_report_has_a_row_for_each_time(run: Path) -> None:
    page = (run / "evaluation" / "report.html").read_text()
    section = page[page.index('<section id="horizons">') :].split("</section>")[0]
    assert section.count("<tr") == 4
    assert "15 days" in section and "too small" in section
