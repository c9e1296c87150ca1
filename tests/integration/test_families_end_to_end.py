"""The families that no contract of this repository names, from the table to a running server, on 1,200 customers."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.check_serving import logic as check_serving
from components.evaluate.logic import run as evaluate
from components.feature.logic import run as feature
from components.ingest.logic import run as ingest
from components.train.logic import run as train
from components.tune.logic import run as tune
from components.validate.logic import run as validate
from tenure.bundle import read
from tenure.contract import dump, load, parse

TELCO = Path(__file__).resolve().parents[2] / "datasets" / "telco"
FAMILIES = (
    "extra_trees",
    "linear_svm",
    "naive_bayes",
    "mlp",
    "k_nearest_neighbours",
    "decision_tree",
    "adaboost",
    "kernel_svm",
    "lda",
    "qda",
    "logistic_regression",
    "ensemble",
)
ROWS = 1_200
SERVED_ROWS = 25
EVALUATED = ("raw", "valid", "features", "candidates", "champion", "evaluation")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """What the steps left, in a folder each, and ``contract.yaml``."""
    home = tmp_path_factory.mktemp("families")
    given = load(TELCO)
    changes = {
        "training": {"families": FAMILIES, "trials": 1, "folds": 2},
        "acceptance": {"min_roc_auc": 0.7, "bootstrap_samples": 100},
        "serving": {"max_p99_ms": 5_000.0},
    }
    parts = {name: getattr(given, name).model_copy(update=change) for name, change in changes.items()}
    text = dump(given.model_copy(update=parts))
    lines = (TELCO / "telco_churn.csv").read_text(encoding="utf-8").splitlines()
    (home / "some.csv").write_text("\n".join(lines[: ROWS + 1]) + "\n", encoding="utf-8")
    (home / "contract.yaml").write_text(text, encoding="utf-8")
    for name in ("raw", "valid", "features", "trials", "candidates", "champion", "evaluation"):
        (home / name).mkdir()
    ingest(text, str(home / "some.csv"), home / "raw")
    validate(text, home / "raw", home / "valid")
    feature(text, home / "valid", home / "features")
    tune(contract=text, features=home / "features", storage=str(home / "studies.log"), trials=home / "trials")
    train(
        contract=text,
        raw=home / "raw",
        valid=home / "valid",
        features=home / "features",
        trials=[home / "trials"],
        candidates=home / "candidates",
        created_at="2026-01-01T00:00:00+00:00",
    )
    (home / "champion" / "champion.json").write_text(json.dumps({"version": None}), encoding="utf-8")
    evaluate(contract=text, **{name: home / name for name in EVALUATED})
    return home


def test_every_family_is_a_candidate_that_was_judged(folders):
    document = json.loads((folders / "evaluation" / "evaluation.json").read_text())
    assert [row["family"] for row in document["families"]] == list(FAMILIES)
    for row in document["families"]:
        assert row["error"] is None
        assert row["metrics"]["roc_auc"]["value"] > 0.7
    # 180 test rows: what counts here is that nothing fails, and that nothing passes unsaid.
    assert document["verdict"]["state"] in ("bless", "inconclusive")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bundle_explains_what_it_predicts(folders, family):
    contract = parse((folders / "contract.yaml").read_text())
    columns = json.loads((folders / "evaluation" / "example.json").read_text())
    answer = read(folders / "candidates" / family).predict(columns, explain=len(contract.inputs))
    assert ((answer.probability > 0) & (answer.probability < 1)).all()
    assert all(reasons for reasons in answer.reasons)
    assert all(np.isfinite(contribution) for reasons in answer.reasons for _, contribution in reasons)


def test_the_server_answers_as_offline(folders, tmp_path, monkeypatch):
    """The ensemble: its members are of the new families, and slow to explain, so few rows will do."""
    monkeypatch.setattr(check_serving, "MIN_ROWS", SERVED_ROWS)
    test = pq.read_table(folders / "features" / "test.parquet")
    pq.write_table(test.slice(0, SERVED_ROWS), tmp_path / "test.parquet")
    contract = (folders / "contract.yaml").read_text()
    bundle_folder = folders / "candidates" / "ensemble"
    summary = check_serving.run(contract, bundle_folder, tmp_path, tmp_path, tmp_path / "serving.json")
    assert summary["rows"] >= SERVED_ROWS
    assert summary["max_difference"] <= 1e-6
