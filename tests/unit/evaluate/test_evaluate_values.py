"""The evaluate step on a regression: its record, its verdict, and every candidate or champion that must not pass."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from components.evaluate.display import show
from components.evaluate.logic import run
from tenure import bundle as bundles
from tenure.bundle import Bundle
from tenure.errors import BundleError, DataError
from tenure.training.export import ExportedModel


def with_label(label: Any) -> Any:
    """Changes the test part's label; takes the old one, (rows,)."""

    def change(table: pa.Table) -> pa.Table:
        values = label(table.column("_label").to_numpy())
        return table.set_column(table.column_names.index("_label"), "_label", pa.array(values, pa.float64()))

    return change


def widened(folder: Path, small: Path, times: float) -> Path:
    """The small bundle with intervals so many times as wide: another version that predicts the same values."""
    given = bundles.read(small)
    half = given.decision.half_width  # type: ignore[union-attr]
    wide = replace(half, half_widths=tuple(times * each for each in half.half_widths))
    bundles.write(
        folder,
        contract=given.contract,
        transform=given.transform,
        model=ExportedModel((small / "model.onnx").read_bytes(), given.terms),
        decision=replace(given.decision, half_width=wide),
        profile=given.profile,
        family="linear_regression",
        data_hash=given.manifest.data_hash,
        created_at="2026-01-02T00:00:00Z",
    )
    return folder


def test_first_model_is_blessed_and_everything_is_on_record(value_workspace: Any) -> None:
    outcome = run(**value_workspace.arguments(), code_version="abc1234")
    document = value_workspace.document()
    assert (outcome.verdict, outcome.proceed) == ("bless", True)
    assert document["task"] == "regression"
    assert document["target"] == {"name": "future_spend", "description": "", "unit": "USD", "objective": "rmse"}
    test, metrics = document["test"], document["metrics"]
    assert test["rows"] == 600
    assert metrics["rmse"]["low"] < metrics["rmse"]["value"] < metrics["rmse"]["high"]
    assert 0.8 < metrics["coverage"]["value"] < 1.0
    assert document["chosen"]["level"] == 0.9
    assert {row["column"] for row in document["importance"]} == {"months", "orders", "basket", "plan"}
    assert document["importance"][0]["drop"] > 1.0
    assert {row["value"] for row in document["slices"]} == {"north", "south"}
    assert outcome.summary["rmse"] == metrics["rmse"]
    assert outcome.summary["families"] == {"linear_regression": metrics["rmse"]}
    report = (value_workspace.root / "evaluation" / "report.html").read_text()
    assert "Ready to use" in report
    assert "12 rows beyond the fences" in report


def test_the_run_page_has_its_metrics_and_a_confusion_matrix_of_bands(value_workspace: Any, tmp_path: Path) -> None:
    run(**value_workspace.arguments())
    logged: dict[str, float] = {}

    class Metrics:
        def log_metric(self, metric: str, value: float) -> None:
            logged[metric] = value

    class Page:
        def __init__(self, name: str) -> None:
            self.path = str(tmp_path / name)

    matrices: list[tuple[list[str], list[list[int]]]] = []

    class Curves:
        """There are no classes: no ROC curve may be asked for."""

        def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
            matrices.append((categories, matrix))

    show(value_workspace.root / "evaluation", Metrics(), Curves(), Page("r.html"), Page("s.md"))  # type: ignore[arg-type]
    ((names, rows),) = matrices
    assert names == ["low", "medium", "high"]
    assert sum(map(sum, rows)) == value_workspace.document()["rows"]["test"]
    # The true values were not predicted at random: the diagonal is the fullest place of every row.
    assert [max(range(3), key=row.__getitem__) for row in rows] == [0, 1, 2]
    assert set(logged) == {"rmse", "mae", "r2", "bias", "coverage", "interval_width"} | (logged.keys() & {"mape"})
    assert "| rmse |" in (tmp_path / "s.md").read_text()


def test_same_bundle_as_the_champion_is_blessed_as_identical(value_workspace: Any) -> None:
    value_workspace.crown(value_workspace.root / "candidates" / "linear_regression")
    assert run(**value_workspace.arguments()).verdict == "bless"
    assert value_workspace.document()["champion"]["identical"]


def test_same_values_in_another_bundle_are_no_gain(
    value_workspace: Any, small_value_bundle: Any, tmp_path: Path
) -> None:
    value_workspace.crown(widened(tmp_path / "champion", small_value_bundle.folder, 1.1))
    outcome = run(**value_workspace.arguments())
    assert (outcome.verdict, outcome.proceed) == ("inconclusive", False)
    assert "predicts exactly what the champion" in value_workspace.document()["verdict"]["summary"]


def test_a_champion_of_another_task_is_inconclusive(value_workspace: Any, small_bundle: Any) -> None:
    value_workspace.crown(small_bundle.folder)
    outcome = run(**value_workspace.arguments())
    assert (outcome.verdict, outcome.proceed) == ("inconclusive", False)
    why = "it was trained for classification, the contract's task is regression"
    assert value_workspace.document()["champion"]["unreadable"] == why
    assert run(**value_workspace.arguments(), override="the old one was of another kind").proceed


def test_a_champion_of_another_task_is_inconclusive_for_a_classification(
    workspace: Any, small_value_bundle: Any
) -> None:
    workspace.crown(small_value_bundle.folder)
    assert run(**workspace.arguments()).verdict == "inconclusive"
    assert "trained for regression" in workspace.document()["champion"]["unreadable"]


def test_a_champion_that_does_not_load_is_inconclusive(value_workspace: Any) -> None:
    value_workspace.crown(None, unreadable="its files are gone")
    assert run(**value_workspace.arguments()).verdict == "inconclusive"


def test_a_candidate_of_another_task_is_a_clear_stop(value_workspace: Any, small_bundle: Any) -> None:
    place = value_workspace.root / "candidates" / "linear_regression"
    shutil.rmtree(place)
    shutil.copytree(small_bundle.folder, place)
    with pytest.raises(BundleError, match="was trained for classification, the contract's task is regression"):
        run(**value_workspace.arguments())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_a_clear_stop(
    value_workspace: Any, monkeypatch: pytest.MonkeyPatch, bad: float
) -> None:
    predict = Bundle.predict

    def spoiled(self: Bundle, *arguments: Any, **options: Any) -> Any:
        answer = predict(self, *arguments, **options)
        answer.value[4] = bad
        return answer

    monkeypatch.setattr(Bundle, "predict", spoiled)
    with pytest.raises(DataError, match="'linear_regression' cannot be evaluated: 1 of 600 predicted values are not"):
        run(**value_workspace.arguments())


def test_constant_labels_and_few_rows_are_inconclusive(value_workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other parts are not there: whether the table is small plays no part here.
    monkeypatch.setattr("components.evaluate.logic.repeat_if_small", lambda *_: None)
    value_workspace.change_test_part(with_label(lambda label: np.full(label.size, 12.0)))
    assert run(**value_workspace.arguments()).verdict == "inconclusive"
    document = value_workspace.document()
    assert "the same label" in document["verdict"]["summary"]
    assert document["importance"] == []
    value_workspace.change_test_part(with_label(lambda label: np.arange(label.size, dtype=np.float64)))
    value_workspace.change_test_part(lambda table: table.slice(0, 99))
    assert run(**value_workspace.arguments()).verdict == "inconclusive"
    assert "99 rows, at least 100 are needed" in value_workspace.document()["verdict"]["summary"]


def test_no_better_than_the_mean_is_rejected(value_workspace: Any) -> None:
    shuffled = np.random.default_rng(1).permutation
    value_workspace.change_test_part(with_label(shuffled))
    outcome = run(**value_workspace.arguments(), override="I want it")
    assert (outcome.verdict, outcome.proceed) == ("reject", False)
    assert "predicting the mean is no worse" in json.dumps(value_workspace.document()["verdict"])


@pytest.mark.parametrize("label", [np.nan, np.inf])
def test_a_label_that_is_no_number_is_a_clear_stop(value_workspace: Any, label: float) -> None:
    value_workspace.change_test_part(with_label(lambda values: np.where(np.arange(values.size) == 3, label, values)))
    with pytest.raises(DataError, match="'_label' must be a finite number in every row"):
        run(**value_workspace.arguments())
