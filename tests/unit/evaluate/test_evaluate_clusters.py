"""Clusters in the evaluation: every test row in one, each with label, prediction and bands; few rows decide nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bundle_variants import clustered
from documents import faults

from tenure import bundle
from tenure.bundle import Bundle
from tenure.evaluation.clusters import record_clusters
from tenure.evaluation.scoring import TestPart
from tenure.report.render import render
from tenure.stats.wilson import wilson
from tenure.tasks import get

EXAMPLES = Path(__file__).parents[1] / "schemas" / "examples"


def opened(made: Any, folder: Path) -> Bundle:
    clustered(made.folder, folder)
    return bundle.read(folder)


@pytest.fixture
def loaded(small_bundle: Any, tmp_path: Path) -> Bundle:
    return opened(small_bundle, tmp_path / "clustered")


def part_of(made: Any, label: np.ndarray, rows: int) -> TestPart:
    return TestPart(made.rows.slice(0, rows).append_column("_label", pa.array(label[:rows])), label[:rows])


def churned(made: Any) -> np.ndarray:
    return np.array([value == "Yes" for value in made.rows["Churn"].to_pylist()], dtype=np.int8)


def test_every_row_of_the_test_part_is_in_one_cluster(loaded: Bundle, small_bundle: Any) -> None:
    label = churned(small_bundle)
    test = part_of(small_bundle, label, len(label))
    found = record_clusters(loaded, get("classification").evaluator(loaded.contract, test, loaded), {"reason": ""})
    assert found is not None
    columns = {name: test.table.column(name) for name in test.table.column_names}
    predicted = loaded.predict(columns, additions=True)
    assert predicted.added is not None
    cluster = np.array(predicted.added["cluster"])
    assert [row["name"] for row in found["clusters"]] == ["1", "2", "3"]
    assert sum(row["rows"] for row in found["clusters"]) == test.rows
    for row in found["clusters"]:
        own = cluster == row["name"]
        assert row["rows"] == own.sum() and row["share"] == own.mean()
        if not own.any():
            assert row["mean_label"] == {"value": None, "low": None, "high": None} and row["mean_score"] is None
            continue
        rate = label[own].mean()
        low, high = wilson(rate, own.sum())
        assert row["mean_label"] == pytest.approx({"value": rate, "low": low, "high": high})
        assert row["mean_score"] == pytest.approx(predicted.score[own].mean())
        assert sum(row["bands"].values()) == pytest.approx(1.0)
    document = json.loads((EXAMPLES / "evaluation-1.classification.json").read_text())
    assert faults("evaluation", document | {"clusters": found}) == []
    assert faults("evaluation", document | {"clusters": found | {"more": 1}}) != []


def test_calibration_is_judged_where_there_are_rows_enough(loaded: Bundle, small_bundle: Any) -> None:
    label = churned(small_bundle)
    columns = {name: small_bundle.rows.column(name) for name in small_bundle.rows.column_names}
    probability = loaded.predict(columns).score
    random = np.random.default_rng(4)
    drawn = (random.random(len(label)) < probability).astype(np.int8)
    for labels, expected in ((drawn, "as predicted"), (1 - (1 - drawn) * (random.random(len(label)) < 0.6), "more")):
        test = part_of(small_bundle, labels.astype(np.int8), len(label))
        found = record_clusters(loaded, get("classification").evaluator(loaded.contract, test, loaded), None)
        assert found is not None
        largest = max(found["clusters"], key=lambda row: row["rows"])
        assert largest["calibration"]["outcome"].startswith(expected)
    few = part_of(small_bundle, label, 60)
    found = record_clusters(loaded, get("classification").evaluator(loaded.contract, few, loaded), None)
    assert found is not None
    assert all(row["calibration"] is None and "at least" in row["too_small"] for row in found["clusters"])


def test_a_small_table_has_the_predictions_of_its_cross_fitting(loaded: Bundle, small_bundle: Any) -> None:
    label = churned(small_bundle)
    test = part_of(small_bundle, label, 400)
    columns = {name: test.table.column(name) for name in test.table.column_names}
    folds = [loaded.predict({name: values.slice(start, 200) for name, values in columns.items()}) for start in (0, 200)]
    for fold in folds:
        fold.probability[:] = 0.123  # type: ignore[attr-defined]
    found = record_clusters(loaded, get("classification").evaluator(loaded.contract, test, loaded), None, folds)
    assert found is not None
    assert sum(row["rows"] for row in found["clusters"]) == 400
    assert {round(row["mean_score"], 9) for row in found["clusters"] if row["rows"]} == {0.123}


def test_a_regression_has_mean_values(small_value_bundle: Any, tmp_path: Path) -> None:
    loaded = opened(small_value_bundle, tmp_path / "clustered")
    rows = small_value_bundle.rows
    label = loaded.predict({name: rows.column(name) for name in rows.column_names}).score + 1.0
    test = part_of(small_value_bundle, label, rows.num_rows)
    found = record_clusters(loaded, get("regression").evaluator(loaded.contract, test, loaded), None)
    assert found is not None
    measured = [row for row in found["clusters"] if row["calibration"]]
    assert measured, "at least one cluster is large enough"
    for row in measured:
        assert row["calibration"]["outcome"] == "more than predicted"
        assert row["mean_label"]["low"] < row["mean_label"]["value"] < row["mean_label"]["high"]
        assert row["mean_label"]["value"] == pytest.approx(row["mean_score"] + 1.0)


def test_without_clusters_the_reason_is_recorded(small_bundle: Any) -> None:
    plain: Any = bundle.read(small_bundle.folder)
    assert record_clusters(plain, None, None) is None  # type: ignore[arg-type]
    reason = {"count": 1, "reason": "too few rows"}
    assert record_clusters(plain, None, reason) == {  # type: ignore[arg-type]
        "reason": "too few rows",
        "silhouette": None,
        "clusters": [],
    }


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_report_has_a_section_of_them(task: str) -> None:
    document = json.loads((EXAMPLES / f"evaluation-1.{task}.json").read_text())
    row = {
        "name": "1",
        "description": "plan is <small>",
        "training_share": 0.7,
        "rows": 250,
        "share": 0.5,
        "too_small": None,
        "mean_label": {"value": 0.25, "low": 0.2, "high": 0.3},
        "mean_score": 0.35,
        "contacted_share": 0.1,
        "calibration": {"difference": {"value": -0.1, "low": -0.15, "high": -0.05}, "outcome": "less than predicted"},
        "bands": {"low": 0.75, "medium": 0.0, "high": 0.25},
    }
    small = row | {"name": "2", "rows": 9, "too_small": "too small: 9 rows", "calibration": None}
    clusters = {"reason": "", "silhouette": 0.25, "clusters": [row, small]}
    page = render(document | {"clusters": clusters}, validation=None, ingest=None)
    section = page[page.index('id="clusters"') :].partition("</section>")[0]
    for text in (
        "plan is &lt;small&gt;",
        "less than predicted",
        "undecided: too small: 9 rows",
        "low 75 %<br>high 25 %",
    ):
        assert text in section
    none = {"reason": "the rows do not differ", "silhouette": None, "clusters": []}
    assert "no clear groups: the rows do not differ" in render(
        document | {"clusters": none}, validation=None, ingest=None
    )
    assert 'id="clusters"' not in render(document, validation=None, ingest=None)
