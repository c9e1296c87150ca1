"""The evaluate step on real bundles: its record, its verdict, and every candidate or champion that must not pass."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from components.evaluate.display import show
from components.evaluate.logic import run
from tenure import bundle as bundles
from tenure.bundle import Bundle
from tenure.contract import dump, parse
from tenure.contract.settings import Business
from tenure.decision import Segment
from tenure.errors import BundleError, DataError
from tenure.tasks.churn.decision import ChurnDecision

CALIBRATE = "tenure.tasks.churn.decision.ChurnDecision.calibrate"


def without_time(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "created_at"}


def test_first_model_is_blessed_and_everything_is_on_record(workspace: Any) -> None:
    outcome = run(**workspace.arguments(), code_version="abc1234")
    document = workspace.document()
    assert (outcome.verdict, outcome.proceed) == ("bless", True)
    assert document["rows"] == {
        "read": 1_201,
        "rejected": 1,
        "quarantined": 0,
        "set_aside": 0,
        "train": 400,
        "validation": 200,
        "test": 600,
    }
    assert document["test"]["rows"] == 600
    assert [(row["family"], row["chosen"]) for row in document["families"]] == [
        ("logistic_regression", False),
        ("xgboost", True),
    ]
    for row in document["families"]:
        auc = row["metrics"]["roc_auc"]
        assert 0.5 < auc["low"] < auc["value"] < auc["high"] <= 1.0
    given = bundles.read(workspace.root / "candidates" / "xgboost")
    assert document["versions"]["bundle_version"] == given.version
    assert document["versions"]["data_hash"] == given.manifest.data_hash
    assert document["versions"]["code_version"] == "abc1234"
    assert {row["column"] for row in document["importance"]} == set(given.contract.inputs)
    assert document["importance"][0]["drop"] > 0.01
    assert outcome.summary["profit_per_period"]["value"] == document["metrics"]["profit_per_period"]["value"] > 0


def test_files_are_left_for_people_and_for_the_steps_after(workspace: Any) -> None:
    run(**workspace.arguments())
    folder = workspace.root / "evaluation"
    report = (folder / "report.html").read_text()
    assert "Ready to use" in report
    assert "12 rows beyond the fences" in report
    given, kept = (
        bundles.read(place).version for place in (workspace.root / "candidates" / "xgboost", folder / "bundle")
    )
    assert given == kept
    example = json.loads((folder / "example.json").read_text())
    assert {len(values) for values in example.values()} == {3}
    assert "customerID" not in example


def test_slices_are_those_of_the_contract(workspace: Any) -> None:
    run(**workspace.arguments())
    contract = bundles.read(workspace.root / "candidates" / "xgboost").contract
    slices = workspace.document()["slices"]
    wanted = {*contract.columns_of("sensitive"), *contract.slices}
    columns = {row["column"] for row in slices}
    assert columns <= wanted
    assert set(contract.columns_of("sensitive")) <= columns
    for column in columns:
        assert sum(row["rows"] for row in slices if row["column"] == column) == 600
    assert any(row["too_small"] is None and row["metrics"]["recall"]["low"] is not None for row in slices)


def test_every_metric_is_there_for_every_slice_that_is_large_enough(workspace: Any) -> None:
    run(**workspace.arguments())
    document = workspace.document()
    large = [record for record in document["slices"] if record["too_small"] is None]
    assert large
    for record in large:
        assert record["metrics"].keys() == document["metrics"].keys() >= {"lift_1", "gain_10", "true_positives"}


def test_customers_of_a_segment_count_what_they_are_worth(workspace: Any, variant: Any) -> None:
    bound = Segment("bound", "Contract", ("One year", "Two year"), None, 0.05, customer_value=6_000.0)
    shutil.rmtree(workspace.root / "candidates" / "xgboost")
    shutil.copytree(variant(threshold=0.4, segments=(bound,)), workspace.root / "candidates" / "xgboost")
    run(**workspace.arguments())
    document = workspace.document()
    table = pq.read_table(workspace.root / "features" / "test.parquet")
    prediction = bundles.read(workspace.root / "candidates" / "xgboost").predict(
        {name: table.column(name) for name in table.column_names}
    )
    dear = np.isin(table.column("Contract").to_numpy(), ("One year", "Two year"))
    assert prediction.decision.tolist() == (prediction.probability >= np.where(dear, 0.05, 0.4)).tolist()
    left = table.column("_label").to_numpy() == 1
    worth = left * np.where(dear, 6_000.0, 600.0)
    profit = 0.3 * worth[prediction.decision].sum() - 10.0 * prediction.decision.sum()
    metrics = document["metrics"]
    assert metrics["profit"]["value"] == pytest.approx(profit)
    assert metrics["lost_value"]["value"] == pytest.approx(worth[~prediction.decision].sum())
    assert metrics["return_on_cost"]["value"] == pytest.approx(profit / (10.0 * prediction.decision.sum()))
    by_slice = {row["value"]: row["metrics"] for row in document["slices"] if row["column"] == "Contract"}
    inside = ~dear
    chosen = inside & prediction.decision
    earned = 0.3 * worth[chosen].sum() - 10.0 * chosen.sum()
    assert by_slice["Month-to-month"]["profit"]["value"] == pytest.approx(earned)
    assert max(document["curves"]["profit"]["y"]) > metrics["profit_per_period"]["value"]
    assert document["chosen"]["segments"][0]["customer_value"] == 6_000.0


def test_segments_by_a_column_are_measured_on_the_test_part(workspace: Any, variant: Any) -> None:
    made = bundles.read(workspace.root / "candidates" / "xgboost").decision
    segment = Segment("Month-to-month", "Contract", ("Month-to-month",), None, 0.1, shift=0.3)
    choice = {
        "threshold": 0.1,
        "own_threshold": True,
        "threshold_gain": {"mean": 2.0, "error": 1.0, "changed": 90},
        "shift": 0.3,
        "own_calibration": True,
        "log_loss_gain": {"mean": 0.02, "error": 0.01, "changed": 900},
        "customers": 900,
        "churners": 300,
    }
    by = {
        "column": "Contract",
        "min_customers": 200,
        "min_of_each_class": 30,
        "segments": [{"name": "Month-to-month", "values": ["Month-to-month"], **choice}],
    }
    shutil.rmtree(workspace.root / "candidates" / "xgboost")
    folder = variant(threshold=0.4, segments=(segment,), expected=made.expected | {"by": by})
    shutil.copytree(folder, workspace.root / "candidates" / "xgboost")
    run(**workspace.arguments())
    document = workspace.document()
    found = {row["kind"]: row for row in document["by_segment"]["segments"]}
    assert list(found) == ["segment", "others", "all"]
    table = pq.read_table(workspace.root / "features" / "test.parquet")
    prediction = bundles.read(folder).predict({name: table.column(name) for name in table.column_names})
    inside = table.column("Contract").to_numpy() == "Month-to-month"
    own = found["segment"]
    assert own["rows"] == inside.sum() == table.num_rows - found["others"]["rows"]
    assert own["contacted"] == prediction.decision[inside].sum()
    assert own["mean_probability"] == pytest.approx(prediction.probability[inside].mean())
    assert own["rate"]["low"] < own["rate"]["value"] < own["rate"]["high"]
    assert own["left"] == (table.column("_label").to_numpy()[inside] == 1).sum()
    assert {name: own[name] for name in choice} == choice
    assert found["others"]["threshold"] == found["all"]["threshold"] == 0.4
    assert found["all"]["metrics"]["roc_auc"] == document["metrics"]["roc_auc"]
    (told,) = document["chosen"]["segments"]
    assert told["shift"] == 0.3


def test_same_input_gives_the_same_record(workspace: Any) -> None:
    run(**workspace.arguments())
    first = workspace.document()
    run(**workspace.arguments())
    assert without_time(workspace.document()) == without_time(first)


def test_the_champion_itself_is_blessed_as_identical(workspace: Any) -> None:
    workspace.crown(workspace.root / "candidates" / "xgboost")
    outcome = run(**workspace.arguments())
    champion = workspace.document()["champion"]
    assert (outcome.verdict, champion["identical"], champion["version"]) == ("bless", True, "3")
    assert "identical to the champion" in outcome.summary["why"]


def test_champion_and_candidate_are_scored_on_the_same_rows(workspace: Any, variant: Any) -> None:
    workspace.crown(variant(threshold=0.97))
    outcome = run(**workspace.arguments())
    document = workspace.document()
    champion = document["champion"]
    assert champion["comparison"]["rows"] == 600
    assert outcome.verdict == "bless"
    gained = champion["comparison"]["profit_per_period"]["value"]
    own, other = (side["metrics"]["profit_per_period"]["value"] for side in (document, champion))
    assert gained == pytest.approx(own - other)
    assert champion["metrics"]["roc_auc"]["value"] == document["metrics"]["roc_auc"]["value"]
    assert any("against_champion" in row for row in document["slices"])


def test_a_worse_candidate_is_rejected(workspace: Any, variant: Any) -> None:
    workspace.crown(workspace.root / "candidates" / "xgboost")
    shutil.rmtree(workspace.root / "candidates" / "xgboost")
    shutil.copytree(variant(threshold=0.97), workspace.root / "candidates" / "xgboost")
    outcome = run(**workspace.arguments(), override="I like it")
    assert (outcome.verdict, outcome.proceed) == ("reject", False)
    assert workspace.document()["override"] == ""


def test_a_champion_that_cannot_be_read_is_inconclusive_unless_overridden(workspace: Any) -> None:
    workspace.crown(None, unreadable="model.onnx has changed")
    outcome = run(**workspace.arguments())
    assert (outcome.verdict, outcome.proceed) == ("inconclusive", False)
    assert "model.onnx has changed" in outcome.summary["why"]
    outcome = run(**workspace.arguments(), override="the old files are lost")
    assert (outcome.verdict, outcome.proceed) == ("inconclusive", True)
    assert workspace.document()["override"] == "the old files are lost"


def test_a_champion_damaged_after_the_download_is_inconclusive(workspace: Any, variant: Any) -> None:
    workspace.crown(variant(threshold=0.6))
    model = workspace.root / "champion" / "bundle" / "model.onnx"
    content = bytearray(model.read_bytes())
    content[100] ^= 1
    model.write_bytes(content)
    outcome = run(**workspace.arguments())
    assert outcome.verdict == "inconclusive"
    assert "model.onnx" in workspace.document()["champion"]["unreadable"]


def test_a_champion_that_needs_a_column_that_is_gone_is_inconclusive(
    workspace: Any, variant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.crown(variant(threshold=0.6))
    predict = Bundle.predict

    def as_if_of_another_table(self: Bundle, columns: Any, **options: Any) -> Any:
        if self.manifest.family == "logistic_regression":
            raise DataError("column 'Region' is missing")
        return predict(self, columns, **options)

    monkeypatch.setattr(Bundle, "predict", as_if_of_another_table)
    outcome = run(**workspace.arguments())
    assert outcome.verdict == "inconclusive"
    assert "column 'Region' is missing" in outcome.summary["why"]
    other = workspace.document()["families"][0]
    assert (other["error"], other["metrics"]) == ("column 'Region' is missing", {})


def test_one_class_in_the_test_part_is_inconclusive(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other parts are not there: whether the table is small plays no part here.
    monkeypatch.setattr("components.evaluate.logic.repeat_if_small", lambda *_: None)

    def nobody_left(table: pa.Table) -> pa.Table:
        place = table.column_names.index("_label")
        return table.set_column(place, "_label", pa.array([0] * table.num_rows, pa.int8()))

    workspace.change_test_part(nobody_left)
    outcome = run(**workspace.arguments())
    assert outcome.verdict == "inconclusive"
    assert "no churner" in outcome.summary["why"]
    assert workspace.document()["metrics"]["roc_auc"]["value"] is None


def test_an_empty_test_part_stops(workspace: Any) -> None:
    workspace.change_test_part(lambda table: table.slice(0, 0))
    with pytest.raises(DataError, match="the test part is empty"):
        run(**workspace.arguments())


def test_a_label_that_is_none_stops(workspace: Any) -> None:
    def strange(table: pa.Table) -> pa.Table:
        place = table.column_names.index("_label")
        return table.set_column(place, "_label", pa.array([2] * table.num_rows, pa.int8()))

    workspace.change_test_part(strange)
    with pytest.raises(DataError, match="must be 0 or 1"):
        run(**workspace.arguments())


def test_nan_probabilities_stop(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        CALIBRATE,
        lambda self, margin, probability, **_: np.full(margin.size, np.nan),
    )
    with pytest.raises(DataError, match="candidate 'xgboost' cannot be evaluated: 600 of 600 probabilities"):
        run(**workspace.arguments())
    assert not (workspace.root / "evaluation" / "evaluation.json").exists()


def test_a_champion_that_answers_nan_is_inconclusive(
    workspace: Any, variant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.crown(variant(threshold=0.31))
    whole = ChurnDecision.calibrate

    def broken(self: ChurnDecision, margin: np.ndarray, probability: np.ndarray, **more: Any) -> np.ndarray:
        return np.full(margin.size, np.nan) if self.threshold == 0.31 else whole(self, margin, probability, **more)

    monkeypatch.setattr(CALIBRATE, broken)
    outcome = run(**workspace.arguments())
    assert (outcome.verdict, outcome.proceed) == ("inconclusive", False)
    assert "600 of 600 probabilities are not between 0 and 1" in workspace.document()["champion"]["unreadable"]


def test_a_slice_without_a_churner_says_so_and_decides_nothing(workspace: Any, variant: Any) -> None:
    def nobody_left_on_long_contracts(table: pa.Table) -> pa.Table:
        bound = pc.not_equal(table.column("Contract"), "Month-to-month")
        place = table.column_names.index("_label")
        label = pc.if_else(bound, pa.scalar(0, pa.int8()), table.column("_label"))
        return table.set_column(place, "_label", label)

    workspace.change_test_part(nobody_left_on_long_contracts)
    workspace.crown(variant(threshold=0.31))
    run(**workspace.arguments())
    document = workspace.document()
    bound = [row for row in document["slices"] if row["value"] in ("One year", "Two year")]
    assert [row["churners"] for row in bound] == [0, 0]
    for row in bound:
        assert row["metrics"] == {} and row["too_small"].startswith("too small: ")
    assert any("0 churners" in row["too_small"] for row in bound)
    assert not any("year" in reason["check"] for reason in document["verdict"]["reasons"])


def test_constant_predictions_never_pass(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        CALIBRATE,
        lambda self, margin, probability, **_: np.full(margin.size, 0.9),
    )
    outcome = run(**workspace.arguments())
    assert outcome.verdict == "reject"
    assert any("same probability" in reason["text"] for reason in workspace.document()["verdict"]["reasons"])


def test_a_changed_candidate_stops(workspace: Any) -> None:
    model = workspace.root / "candidates" / "xgboost" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(BundleError):
        run(**workspace.arguments())


class Recorded:
    """What Kubeflow Pipelines is given to show."""

    def __init__(self, path: Path) -> None:
        self.metrics: dict[str, float] = {}
        self.matrix: list[list[int]] = []
        self.roc: tuple[list[float], ...] = ()
        self.path = str(path)

    def log_metric(self, metric: str, value: float) -> None:
        self.metrics[metric] = value

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        self.matrix = matrix

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        self.roc = (fpr, tpr, threshold)


def test_kubeflow_is_shown_what_the_record_says(workspace: Any, tmp_path: Any) -> None:
    run(**workspace.arguments())
    shown, note = Recorded(tmp_path / "report.html"), Recorded(tmp_path / "summary.md")
    said = show(workspace.root / "evaluation", shown, shown, shown, note)
    document = workspace.document()
    assert shown.metrics["roc_auc"] == document["metrics"]["roc_auc"]["value"]
    assert sum(map(sum, shown.matrix)) == 600
    assert len({len(axis) for axis in shown.roc}) == 1
    assert "Ready to use" in (tmp_path / "report.html").read_text()
    markdown = (tmp_path / "summary.md").read_text()
    assert markdown.startswith(f"# {document['verdict']['state']}\n\n{document['verdict']['summary']}\n")
    assert shown.metrics["profit_per_period"] == document["metrics"]["profit_per_period"]["value"]
    assert f"- bundle_version: `{document['versions']['bundle_version']}`" in markdown
    assert said == {
        "verdict": document["verdict"]["state"],
        "family": "xgboost",
        **{
            name: document["versions"][name]
            for name in ("data_hash", "contract_hash", "bundle_version", "code_version")
        },
    }


def test_without_business_values_every_page_says_so_before_it_says_a_sum(workspace: Any, tmp_path: Any) -> None:
    given = parse(workspace.contract)
    arguments = {**workspace.arguments(), "contract": dump(given.model_copy(update={"business": Business()}))}
    outcome = run(**arguments)
    metrics, other = Recorded(tmp_path / "metrics"), Recorded(tmp_path / "summary.md")
    show(workspace.root / "evaluation", metrics, metrics, Recorded(tmp_path / "report.html"), other)
    said = "No business values are set: sums of money rest on defaults"
    markdown, report = ((tmp_path / name).read_text() for name in ("summary.md", "report.html"))
    verdict = outcome.record["verdict"]
    assert markdown.startswith(f"# {verdict['state']}\n\n{said}")
    assert f"under 'business' in the contract.\n\n{verdict['summary']}\n" in markdown
    assert "profit_per_period_by_default_business_values" in metrics.metrics
    assert "profit_per_period" not in metrics.metrics and "| profit_per_period |" not in markdown
    assert report.index(said) < report.index("$")
    sums = [reason["text"] for reason in verdict["reasons"] if "$" in reason["text"]]
    assert sums and all("in one campaign, by default business values" in text for text in sums)


def test_boolean_values_have_the_contract_s_names(workspace: Any) -> None:
    run(**workspace.arguments())
    document = workspace.document()
    senior = [row for row in document["slices"] if row["column"] == "SeniorCitizen"]
    assert [row["value"] for row in senior] == ["0", "1"] and senior[0]["description"] == "65 years or older"
    points = {effect["column"]: effect["points"] for effect in document["effects"]}
    named = {name: {point["value"] for point in found} for name, found in points.items()}
    assert all(named[name] <= {"No", "Yes"} for name in ("Partner", "Dependents", "PhoneService") if name in named)
    assert "tenure" in points and sum(point["rows"] for point in points["tenure"]) == 600
    assert {row["column"] for row in document["importance"] if row["unit"] == "months"} == {"tenure"}


def test_the_report_shows_what_the_leakage_check_found(workspace: Any) -> None:
    run(**workspace.arguments())
    assert "plan: nothing is learnt" in (workspace.root / "evaluation" / "report.html").read_text(encoding="utf-8")


def months(table: pa.Table) -> pa.Table:
    """The same rows three times, under the same keys."""
    return pa.concat_tables([table] * 3)


def test_of_a_panel_customers_are_resampled(workspace: Any, variant: Any) -> None:
    workspace.crown(variant(threshold=0.3))
    run(**workspace.arguments())
    single = workspace.document()
    assert (single["bootstrap"]["by"], single["bootstrap"]["customers"]) == ("row", 600)
    workspace.change_test_part(months)
    run(**workspace.arguments())
    panel = workspace.document()
    assert (panel["bootstrap"]["by"], panel["bootstrap"]["customers"], panel["test"]["rows"]) == (
        "customer",
        600,
        1_800,
    )
    # Each customer's rows are equal, so there is no more to know than of one row each.
    for name in ("roc_auc", "brier", "precision", "profit_per_period"):
        one, three = single["metrics"][name], panel["metrics"][name]
        assert three["value"] == pytest.approx(one["value"])
        assert three["high"] - three["low"] == pytest.approx(one["high"] - one["low"], rel=0.3)
    gap, again = (found["champion"]["comparison"]["profit_per_period"] for found in (single, panel))
    assert again["high"] - again["low"] == pytest.approx(gap["high"] - gap["low"], rel=0.3)
    assert [part["too_small"] is None for part in panel["slices"]] == [
        part["too_small"] is None for part in single["slices"]
    ]
    report = (workspace.root / "evaluation" / "report.html").read_text()
    assert "1,800 rows of 600 customers" in report
    assert "bootstrap resamples of the 600 customers, each with all its rows" in report
