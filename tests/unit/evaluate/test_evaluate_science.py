"""What evaluate writes for data scientists, by real bundles."""

from __future__ import annotations

import shutil
import stat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from components.evaluate.logic import run
from tenure.contract import parse
from tenure.evaluation.science.fitted import MAX_ROWS, fitted_rows
from tenure.report import render
from tenure.report.linked import link_file


@pytest.fixture(scope="module")
def evaluated(copied: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An evaluation whose training and validation part are there: the test part's rows, for want of others."""
    made = copied(tmp_path_factory.mktemp("science") / "steps")
    root = made.root
    for part in ("train", "validation"):
        shutil.copyfile(root / "features" / "test.parquet", root / "features" / f"{part}.parquet")
    run(**made.arguments())
    return made


def test_fitted_held_out_and_test_rows_stand_side_by_side(evaluated: Any) -> None:
    document = evaluated.document()
    rows = {row["metric"]: row for row in document["science"]["parts"]}
    assert list(rows) == ["roc_auc", "average_precision", "log_loss", "brier", "calibration_error"]
    assert rows["log_loss"]["fitted_rows"] == 1_200
    # Here they are the same rows, twice.
    assert rows["log_loss"]["fitted"]["value"] == pytest.approx(document["metrics"]["log_loss"]["value"])
    assert rows["log_loss"]["test"] == document["metrics"]["log_loss"]
    assert rows["log_loss"]["held_out"] is None


def test_the_file_of_the_most_wrong_holds_a_hundred_customers_and_is_private(evaluated: Any) -> None:
    path = evaluated.root / "evaluation" / "most_wrong.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    table, contract = pyarrow.csv.read_csv(path), parse(evaluated.contract)
    assert table.column_names[:5] == ["customerID", "_label", "_predicted", "_loss", "_reasons"]
    assert table.column_names[5:] == list(contract.inputs)
    assert not set(contract.columns_of("sensitive")) & set(table.column_names)
    assert len(set(table.column("customerID").to_pylist())) == table.num_rows == 100
    label, predicted, loss = (table.column(name).to_numpy() for name in ("_label", "_predicted", "_loss"))
    np.testing.assert_allclose(loss, -np.log(np.where(label == 1, predicted, 1.0 - predicted)), rtol=1e-6)
    assert (np.diff(loss) <= 0.0).all()
    record = evaluated.document()["science"]["most_wrong"]
    assert record["smallest_loss"] == pytest.approx(loss[-1])
    assert "0.5" not in record["file"] and set(record) == {
        "file",
        "customers",
        "loss",
        "smallest_loss",
        "share_of_loss",
        "predicted_too_high",
    }


def test_no_customer_stands_on_the_page_or_in_the_record(evaluated: Any) -> None:
    folder = evaluated.root / "evaluation"
    keys = pyarrow.csv.read_csv(folder / "most_wrong.csv").column("customerID").to_pylist()
    for name in ("evaluation.json", "report.html"):
        text = (folder / name).read_text()
        assert not [key for key in keys if key in text]


def test_calibration_before_and_after_on_the_same_rows(evaluated: Any) -> None:
    document = evaluated.document()
    change = document["science"]["calibration"]
    assert change["method"] == document["chosen"]["calibration"]
    assert change["calibrated"]["log_loss"] == pytest.approx(document["metrics"]["log_loss"]["value"])
    assert change["calibrated"]["calibration_error"] == pytest.approx(document["metrics"]["calibration_error"]["value"])
    assert change["calibrated"]["bins"] == document["curves"]["calibration"]
    moved = change["log_loss_change"]
    assert moved["value"] == pytest.approx(change["calibrated"]["log_loss"] - change["raw"]["log_loss"])
    assert moved["low"] <= moved["value"] <= moved["high"]
    assert sum(one["rows"] for one in change["raw"]["bins"]) == change["rows"] == 600


def test_segments_have_the_contracts_names_of_values(evaluated: Any) -> None:
    found = evaluated.document()["science"]["segments"]
    assert found["tested"] > 40
    values = {row["value"] for name in ("by_loss", "by_gap") for row in found[name]}
    assert values and not values & {"true", "false"}


def test_families_are_compared(evaluated: Any) -> None:
    found = evaluated.document()["science"]["disagreement"]
    assert found["families"] == ["logistic_regression", "xgboost"]
    # The same model with another threshold.
    assert found["rank_correlation"][0][1] == pytest.approx(1.0)
    assert found["spread"]["largest"] == 0.0
    assert found["different_decisions"] > 0


def test_the_page_has_the_section_folded(evaluated: Any) -> None:
    html = (evaluated.root / "evaluation" / "report.html").read_text()
    assert '<section id="science">\n<details>' in html
    for words in ("Parameters", "Fitted, held-out and test rows", "Where the families disagree", "The worst segments"):
        assert f"<h3>{words}</h3>" in html


def test_a_record_from_before_has_no_section(evaluated: Any) -> None:
    document = evaluated.document()
    del document["science"]
    assert 'id="science"' not in render(document, validation=None, ingest=None)


def test_the_page_links_the_file_where_it_lies_beside_it(evaluated: Any, tmp_path: Any) -> None:
    page = tmp_path / "report.html"
    page.write_text((evaluated.root / "evaluation" / "report.html").read_text())
    link_file(page, "most_wrong.csv")
    assert 'href="most_wrong.csv"' not in page.read_text()
    (tmp_path / "most_wrong.csv").write_text("")
    for _ in range(2):
        link_file(page, "most_wrong.csv")
        assert page.read_text().count('<a href="most_wrong.csv">') == 1


def test_a_regression_has_them_too(value_workspace: Any) -> None:
    run(**value_workspace.arguments())
    document = value_workspace.document()
    science = document["science"]
    assert [row["metric"] for row in science["parts"]] == ["rmse", "mae", "r2", "bias"]
    assert science["parts"][0]["fitted"] is None
    assert science["segments"]["loss"] == "absolute_error"
    assert science["segments"]["mean_loss"] == pytest.approx(document["metrics"]["mae"]["value"])
    assert science["disagreement"] is None
    table = pyarrow.csv.read_csv(value_workspace.root / "evaluation" / "most_wrong.csv")
    assert table.num_rows == 100
    assert "The worst segments" in (value_workspace.root / "evaluation" / "report.html").read_text()


def test_fitted_rows_are_a_sample_of_both_parts(evaluated: Any, tmp_path: Any) -> None:
    contract = parse(evaluated.contract)
    rows = pq.read_table(evaluated.root / "features" / "test.parquet")
    many = pa.concat_tables([rows] * 12)
    pq.write_table(many, tmp_path / "train.parquet", row_group_size=1_000)
    assert fitted_rows(tmp_path, contract) is None
    pq.write_table(rows, tmp_path / "validation.parquet")
    found = fitted_rows(tmp_path, contract)
    again = fitted_rows(tmp_path, contract)
    assert found is not None and again is not None
    assert found.rows == MAX_ROWS < many.num_rows + rows.num_rows
    assert found.table.equals(again.table)
