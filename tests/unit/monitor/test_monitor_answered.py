"""Monitoring of the customers in a prediction log that the server's own code wrote."""

from __future__ import annotations

import functools
import json

import numpy as np
import pyarrow as pa
import pytest
from served_log import log_answers
from typer.testing import CliRunner

from components.monitor import logic
from pipelines.cli import app
from tenure import bundle as bundles
from tenure.errors import DataError
from tenure.monitoring.answered import Answered


@pytest.fixture
def serve(tmp_path):
    """Answer a table's rows and log them: ``serve(bundle, rows)``; returns the log's location."""
    return functools.partial(log_answers, location=str(tmp_path / "log"))


def test_answered_customers_are_judged_by_inputs_and_scores(watched, small_bundle, serve, tmp_path):
    log = serve(watched, small_bundle.rows.slice(0, 500))
    serve(watched, small_bundle.rows.slice(500))
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=log)
    model = bundles.read(watched)
    assert found["verdict"] == "fine", found["reasons"]
    assert set(found["columns"]) == set(model.contract.inputs)
    # The log holds what the table holds: nothing has moved.
    assert max(found["columns"].values()) < 1e-3
    assert found["scores"]["psi"] < 1e-3
    assert (found["rows"], found["rejected"], found["source"]) == (small_bundle.rows.num_rows, 0, log)
    assert found["notes"][1] == (
        f"prediction log {log}: {small_bundle.rows.num_rows:,} customers answered by {model.version} "
        "from 2026-11-21 12:00 to 2026-11-21 12:00 UTC"
    )
    assert json.loads((tmp_path / "out" / "monitoring.json").read_text()) == found


def test_other_customers_of_the_server_ask_for_a_new_model(watched, small_bundle, serve, tmp_path):
    rows = small_bundle.rows
    monthly = pa.array(["Month-to-month"] * rows.num_rows)
    log = serve(watched, rows.set_column(rows.column_names.index("Contract"), "Contract", monthly))
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=log)
    assert found["verdict"] == "retrain"
    assert found["reasons"][0].startswith("'Contract' moved far")
    assert found["scores"]["mean_now"] > found["scores"]["mean_then"]


def test_answered_values_are_judged_likewise(watched_value, small_value_bundle, serve, tmp_path):
    log = serve(watched_value, small_value_bundle.rows)
    found = logic.run(bundle=watched_value, current=None, monitoring=tmp_path / "out", log=log)
    assert (found["verdict"], found["scores"]["psi"] < 1e-3) == ("fine", True)


def test_what_another_version_or_the_fallback_answered_is_no_score(watched, small_bundle, serve, tmp_path):
    log = serve(watched, small_bundle.rows, version="0" * 12)
    serve(watched, small_bundle.rows.slice(0, 300), fallback=True)
    few = serve(watched, small_bundle.rows.slice(0, 199))
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=few)
    assert (found["verdict"], found["rows"], found["columns"], found["scores"]) == ("undecided", 499, {}, None)
    assert found["reasons"] == [
        "the model answered fewer than 200 customers ('quality.min_rows') in the prediction log"
    ]
    serve(watched, small_bundle.rows.slice(199, 1))
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=log)
    assert (found["verdict"], found["rows"]) == ("fine", 500)


def test_files_from_before_the_model_was_made_are_not_read(watched, small_bundle, serve, tmp_path):
    log = serve(watched, small_bundle.rows, name="20251231T235959.999999Z-a.parquet")
    (tmp_path / "log" / "20251230T000000.000000Z-b.parquet").write_bytes(b"would be an error")
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=log)
    assert (found["verdict"], found["rows"]) == ("undecided", 0)
    assert found["notes"][1].endswith(f": no customers answered by {bundles.read(watched).version}")


def test_a_log_that_is_not_there_is_an_error_of_one_line(watched, tmp_path):
    (tmp_path / "empty").mkdir()
    for log, said in (("none", "no prediction log at "), ("empty", "no Parquet file under ")):
        with pytest.raises(DataError, match=said) as caught:
            logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=str(tmp_path / log))
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_only_the_newest_rows_of_a_long_log_are_read(watched, small_bundle, serve, tmp_path, monkeypatch):
    monkeypatch.setattr("tenure.monitoring.answered.MAX_ROWS", 250)
    rows = small_bundle.rows
    serve(watched, rows.slice(0, 400))
    log = serve(watched, rows.slice(400, 100))
    logged = Answered.read(bundles.read(watched), log).rows
    asked = logged["inputs"].combine_chunks().field("MonthlyCharges").to_numpy()
    wanted = [*rows["MonthlyCharges"].to_pylist()[400:500], *rows["MonthlyCharges"].to_pylist()[250:400]]
    assert np.array_equal(asked, np.array([float(value) for value in wanted]))


def test_the_command_takes_a_log_in_place_of_a_table(watched, small_bundle, serve, tmp_path):
    def monitor(*more):
        arguments = ["monitor", "--model", str(watched), "--out", str(tmp_path / "out"), *more]
        return CliRunner().invoke(app, arguments, prog_name="tenure")

    few = monitor("--log", serve(watched, small_bundle.rows.slice(0, 100)))
    assert few.exit_code == 0, few.stderr
    assert few.stdout.startswith("undecided: 100 customers against ")
    done = monitor("--log", serve(watched, small_bundle.rows))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("fine: 1,300 customers against ")
    assert monitor().stderr == "tenure: there are no customers to compare: give a TABLE, or a prediction log by --log\n"
