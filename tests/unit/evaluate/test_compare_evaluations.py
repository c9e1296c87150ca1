"""Two evaluations side by side, made by the step from real bundles."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from components.evaluate.logic import run
from tenure.contract import parse
from tenure.errors import InputError
from tenure.report.comparison import compare, read_side, render
from tenure.report.comparison.contracts import contract_changes
from tenure.stats.profile import Profile
from tenure.stats.sketch import Sketch


@pytest.fixture(scope="module")
def two(copied: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The steps' folders of two evaluations: the second with another threshold, and 200 rows fewer to test."""
    folders = []
    for chosen in ("xgboost", "logistic_regression"):
        root = tmp_path_factory.mktemp(chosen) / "steps"
        made = copied(root)
        train = json.loads((root / "candidates" / "train.json").read_text())
        (root / "candidates" / "train.json").write_text(json.dumps(train | {"chosen": chosen}))
        if chosen == "logistic_regression":
            made.change_test_part(lambda table: table.take(np.arange(599, 199, -1)))
        for part in ("train", "validation"):
            shutil.copyfile(root / "features" / "test.parquet", root / "features" / f"{part}.parquet")
        run(**made.arguments())
        folders.append(root)
    return folders[0], folders[1]


def side(root: Path, name: str, *, features: bool = True) -> Any:
    return read_side(name, root / "evaluation" / "evaluation.json", features=root / "features" if features else None)


def test_both_models_are_scored_on_the_rows_of_both(two: tuple[Path, Path]) -> None:
    found = compare(side(two[0], "A"), side(two[1], "B"))
    assert found["paired"] == {"rows": 400, "why_not": ""}
    metrics = {row["metric"]: row for row in found["metrics"]}
    # The same model with another threshold: it ranks as before, on whatever rows.
    assert metrics["roc_auc"]["paired"]
    assert metrics["roc_auc"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert metrics["roc_auc"]["first"] != metrics["roc_auc"]["second"]
    profit = metrics["profit_per_period"]["difference"]
    assert profit["low"] < profit["value"] < profit["high"]
    assert not metrics["recall"]["paired"]
    recall = metrics["recall"]
    assert recall["difference"]["value"] == pytest.approx(recall["second"]["value"] - recall["first"]["value"])
    assert {row["key"] for row in found["decision"]} >= {"threshold"}
    assert found["data"]["same"] and found["contract"] == {"same": True, "changes": []}


def test_without_the_rows_differences_are_unpaired_and_say_so(two: tuple[Path, Path]) -> None:
    found = compare(side(two[0], "A"), side(two[1], "B", features=False))
    assert "the test rows of B are not at hand" in found["paired"]["why_not"]
    assert not any(row["paired"] for row in found["metrics"])
    row = next(row for row in found["metrics"] if row["metric"] == "roc_auc")
    below = np.hypot(row["second"]["value"] - row["second"]["low"], row["first"]["high"] - row["first"]["value"])
    assert row["difference"]["low"] == pytest.approx(row["difference"]["value"] - below)
    html = render(found, side(two[1], "B"))
    assert "The differences are not paired" in html


def test_rows_with_other_labels_are_not_paired(two: tuple[Path, Path], tmp_path: Path) -> None:
    root = tmp_path / "steps"
    shutil.copytree(two[1], root)
    path = root / "features" / "test.parquet"
    table = pq.read_table(path)
    place, label = table.column_names.index("_label"), table.column("_label").to_numpy()
    pq.write_table(table.set_column(place, "_label", pa.array(1 - label, pa.int8())), path)
    found = compare(side(two[0], "A"), side(root, "B"))
    assert found["paired"]["why_not"] == "400 of their 400 common test rows have different labels"


def test_the_page_and_the_document_say_the_same(two: tuple[Path, Path]) -> None:
    first, second = side(two[0], "the <first>"), side(two[1], "B")
    html = render(compare(first, second), second)
    assert "the &lt;first&gt;" in html
    for words in ("Both have the same contract.", "Both read the same data.", "400 test rows are in both test parts"):
        assert words in html
    assert "<script" not in html and "http" not in html.replace("http://www.w3.org", "")


def test_drift_of_the_columns_where_the_data_differ(two: tuple[Path, Path]) -> None:
    first, second = side(two[0], "A"), side(two[1], "B")
    second.evaluation["versions"]["data_hash"] = "e" * 64
    assert compare(first, second)["data"]["no_drift"] == "the model of A holds no distributions"
    columns = {name: first.bundle.contract.inputs[name] for name in ("tenure", "Contract")}
    sketch = Sketch(columns)
    moved = pq.read_table(two[1] / "features" / "test.parquet", columns=list(columns))
    moved = moved.set_column(0, "tenure", pc.add(moved.column("tenure"), 40.0))
    for batch in moved.to_batches():
        sketch.add(batch)
    found = compare(replace(first, bundle=replace(first.bundle, profile=Profile.of(sketch, columns).to_dict())), second)
    assert [row["column"] for row in found["data"]["drift"]] == ["tenure", "Contract"]
    assert found["data"]["drift"][0]["psi"] > 1.0 > 0.01 > found["data"]["drift"][1]["psi"]
    assert "Drift (PSI)" in render(found, second)


def test_evaluations_of_two_tasks_are_refused(two: tuple[Path, Path], value_workspace: Any) -> None:
    run(**value_workspace.arguments())
    with pytest.raises(InputError, match="A is a classification and B a regression: they cannot be compared"):
        compare(side(two[0], "A"), side(value_workspace.root, "B"))


def test_a_regression_is_compared(value_workspace: Any) -> None:
    run(**value_workspace.arguments())
    one = side(value_workspace.root, "A")
    found = compare(one, one)
    metrics = {row["metric"]: row for row in found["metrics"]}
    assert metrics["rmse"]["paired"] and metrics["rmse"]["difference"]["value"] == 0.0
    assert found["decision"] == found["parameters"] == []
    assert "Metrics" in render(found, one)


@pytest.mark.parametrize(("text", "message"), [("{", "is not JSON"), ("[]", "is not an evaluation.json")])
def test_a_file_that_holds_no_evaluation(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "evaluation.json"
    with pytest.raises(InputError, match="cannot read"):
        read_side("A", path)
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_side("A", path)


def test_keys_of_contracts_that_differ(two: tuple[Path, Path]) -> None:
    first = parse((two[0] / "contract.yaml").read_text())
    business = first.business.model_copy(update={"offer_cost": 25.0})
    second = first.model_copy(
        update={"business": business, "source": first.source.model_copy(update={"uri": "else.csv"})}
    )
    (change,) = contract_changes(first, second)
    assert change["key"] == "business.offer_cost"
    assert (change["first"], change["second"]) == (first.business.offer_cost, 25.0)
