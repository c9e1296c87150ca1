"""A panel, a row a customer and month: what every command and the Python functions do with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from documents import assert_valid
from typer.testing import CliRunner

import tenure
from pipelines.cli import app
from tenure import bundle

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "data" / "panel_three_months.csv"
CONTRACT = """
name: panel
source: {uri: panel.csv}
label: {positive: "Yes"}
split: {by: customer}
quality: {freshness_days: null}
columns:
  customer_id: {type: string, role: key}
  plan: {type: category}
  months: {type: integer}
  monthly_charge: {type: number}
  support_calls: {type: integer}
  churn: {type: category, role: label}
  snapshot: {type: date, role: time}
slices: [plan]
training: {families: [logistic_regression], trials: 1}
serving: {max_p99_ms: 5000}
"""
PARTS = ("train", "validation", "test")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, empty_mlflow_database: Path) -> Path:
    made = tmp_path_factory.mktemp("panel")
    (made / "home").mkdir(mode=0o700)
    shutil.copy(empty_mlflow_database, made / "home")
    shutil.copy(TABLE, made / "panel.csv")
    (made / "contract.yaml").write_text(CONTRACT)
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    """The folder of a run, by a process of its own."""
    why = "sixty customers are too few to be sure; what counts here is that it runs"
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    answer = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", ".", "--override", why, "--workers", "1", "--json"],
        cwd=folder,
        env=environment | {"TENURE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return folder / "home" / "runs" / json.loads(answer.stdout)["run_id"]


def call(folder: Path, *arguments: str, status: int = 0) -> Any:
    """The answer of a command, run in this process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("TENURE_HOME", str(folder / "home"))
        patched.delenv("MLFLOW_TRACKING_URI", raising=False)
        answer = CliRunner().invoke(app, [*arguments, "--json"], prog_name="tenure")
    assert answer.exit_code == status, answer.output[-2000:]
    return json.loads(answer.stdout)


def test_no_customer_is_in_two_parts(folder: Path, run: Path) -> None:
    (features,) = (folder / "home" / "artifacts").glob("*/feature/features")
    customers = {part: pq.read_table(features / f"{part}.parquet").column("customer_id").to_pylist() for part in PARTS}
    distinct = {part: set(keys) for part, keys in customers.items()}
    assert {part: (len(customers[part]), len(distinct[part])) for part in PARTS} == {
        "train": (840, 280),
        "validation": (180, 60),
        "test": (180, 60),
    }
    assert len(set.union(*distinct.values())) == 400
    split = json.loads((features / "split.json").read_text())
    assert (split["by"], split["customers"]["test"], split["keys_in_several_parts"]) == ("customer", 60, 0)
    assert split["times"]["test"] == split["times"]["train"] == ["2026-01-31", "2026-04-01"]


def test_customers_are_resampled_and_counted_once_a_day(run: Path) -> None:
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert_valid("evaluation", evaluation)
    # 60 customers to test on are few: all 400 are evaluated, by models of others.
    assert evaluation["cross_fitting"]["rows"] == 1_200
    assert (evaluation["bootstrap"]["by"], evaluation["bootstrap"]["customers"]) == ("customer", 400)
    assert evaluation["business"]["population"] == 400
    assert {part["column"] for part in evaluation["slices"]} == {"plan"}
    assert evaluation["importance"]
    report = (run / "report.html").read_text()
    assert "1,200 rows of 400 customers" in report
    answers = json.loads((run / "answers.json").read_text())["answers"]
    # The customer nearest to the threshold may be the most loyal one.
    assert len(answers) in (2, 3)


def test_a_month_or_all_of_them_are_scored_and_monitored(folder: Path, run: Path) -> None:
    lines = (folder / "panel.csv").read_text().splitlines()
    newest = folder / "newest.csv"
    newest.write_text("\n".join([lines[0], *(line for line in lines if line.endswith("2026-04-01"))]) + "\n")
    for table, rows in (("newest.csv", 400), ("panel.csv", 1_200)):
        scored = call(folder, "score", table, "--model", "1", "--out", f"scores/{rows}")
        assert scored["rows"] == rows
        monitored = call(folder, "monitor", table, "--model", "1", "--out", f"monitoring/{rows}")
        assert monitored["verdict"] == "fine"


def test_in_python(folder: Path) -> None:
    model = tenure.train(folder)
    found = tenure.evaluate(model)
    assert (found.record["bootstrap"]["by"], found.record["bootstrap"]["customers"]) == ("customer", 400)
    assert "1,200 rows of 400 customers" in found.report(folder / "python.html").read_text()
    kept = bundle.read(model.save(folder / "bundle"))
    assert kept.decision.limit.population == 400


def test_without_the_split_by_customer_check_says_what_to_write(folder: Path) -> None:
    good = {check["name"]: check for check in call(folder, "check", ".")["checks"]}
    assert good["split"]["message"] == "rows by part, stratified by customer: train 840, validation 180, test 180"
    plain = folder / "plain.yaml"
    plain.write_text(CONTRACT.replace("split: {by: customer}\n", ""))
    checks = {check["name"]: check for check in call(folder, "check", "plain.yaml", status=2)["checks"]}
    assert checks["keys"]["message"] == (
        "'customer_id' repeats in 800 of 1,200 rows: if a customer has several rows, write split: {by: customer}"
    )
