"""A table without a column that identifies a customer: the row number is the key, from `tenure run` to a score."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import tenure
from pipelines.cli import app
from tenure.contract.schema import WITHOUT_KEY

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "data" / "cases" / "no_key.csv"
CONTRACT = f"""
name: no-key
key: row_number
source: {{uri: {TABLE}}}
label: {{positive: "Yes"}}
columns:
  plan: {{type: category}}
  months: {{type: integer}}
  monthly_charge: {{type: number}}
  support_calls: {{type: integer}}
  churn: {{type: category, role: label}}
training: {{families: [logistic_regression], trials: 2}}
"""


def run(folder: Path) -> str:
    """What the screen shows of `tenure run`, a process of its own."""
    why = "too few customers to be sure"
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", str(folder), "--override", why, "--workers", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def command(folder: Path, *arguments: object) -> str:
    """Standard output of a command, run in this process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("COLUMNS", "100")
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tenure")
    assert done.exit_code == 0, done.output[-2000:]
    return done.stdout


def test_run_score_and_predict(tmp_path: Path, tracked_home: Path) -> None:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    screen = run(tmp_path)
    # Where almost everybody is contacted, the customer nearest to the threshold is the most loyal one.
    assert len([line for line in screen.splitlines() if line.strip().startswith("row ") and ":" in line]) in (2, 3)
    run_id = json.loads(command(tmp_path, "runs", "show", "last", "--json"))["run_id"]
    assert WITHOUT_KEY in (tracked_home / "runs" / run_id / "report.html").read_text()
    model = ["--model", "1", "--name", "no-key"]
    scored = command(tmp_path, "score", TABLE, *model, "--day", "today", "--top", "5")
    assert scored.count(WITHOUT_KEY) == 1
    part = pq.read_table(tmp_path / "scores" / "today" / "part-00000.parquet")
    assert part["key"].to_pylist() == [str(row) for row in range(1, 401)]
    assert part["row"].to_pylist() == list(range(1, 401))
    with (tmp_path / "scores" / "today" / "high-risk.csv").open() as file:
        listed = [int(row["key"]) for row in csv.DictReader(file)]
    assert listed == part.sort_by([("probability", "descending")])["row"].to_pylist()[:5]
    again = json.loads(command(tmp_path, "score", TABLE, *model, "--day", "again", "--json"))
    assert (again["key"], again["notes"], again["repeated_keys"]["rows"]) == ("row_number", [WITHOUT_KEY], 0)
    asked = command(tmp_path, "predict", TABLE, "--version", "1", "--name", "no-key").splitlines()
    assert [line.split()[0] for line in (asked[0], *asked[2:])] == ["row", *map(str, range(1, 401))]
    monitored = json.loads(command(tmp_path, "monitor", TABLE, *model, "--json"))
    assert (monitored["rows"], monitored["rejected"]) == (400, 0)


def test_a_table_in_memory_is_split_alike_each_time() -> None:
    table = pyarrow.csv.read_csv(TABLE).to_pandas()
    data = tenure.load(CONTRACT, table=table)
    assert "the row number as key" in repr(data)
    first, second = (tenure.train(data, families=["logistic_regression"], trials=1) for _ in range(2))
    assert first.version == second.version
    scores = tenure.score(first, table)
    assert WITHOUT_KEY in repr(scores)
    assert scores.table["row"].to_pylist() == list(range(1, 401))
