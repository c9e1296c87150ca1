"""A night's run over a log that has grown by a day trains on other cuts; the cache holds none of the old ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from growing_log import CONTRACT, write_log

ROOT = Path(__file__).resolve().parents[2]
SMALL = """
  families: [logistic_regression]
  trials: 1
serving: {max_p99_ms: 5000}
acceptance: {min_roc_auc: 0.5, max_calibration_error: 1}
"""

pytestmark = pytest.mark.slow


def run(folder: Path, days: int) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """The record of the split of a run over the log's first days, and the events of each step."""
    write_log(folder, days)
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    why = "what counts here are the days"
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipelines.cli",
            "run",
            ".",
            "--override",
            why,
            "--workers",
            "1",
            "--no-serve",
            "--json",
        ],
        cwd=folder,
        env=environment | {"TENURE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    made = folder / "home" / "runs" / json.loads(answer.stdout)["run_id"]
    states: dict[str, set[str]] = {}
    for line in (made / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        states.setdefault(event["step"], set()).add(event["event"])
    return json.loads((made / "evaluation.json").read_text())["split"], states


def test_the_second_night_trains_on_other_days(tmp_path: Path, empty_mlflow_database: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    shutil.copy(empty_mlflow_database, tmp_path / "home")
    (tmp_path / "contract.yaml").write_text(CONTRACT.replace("training: {folds: 4}", "training:\n  folds: 3" + SMALL))
    first, _ = run(tmp_path, 40)
    second, states = run(tmp_path, 41)
    assert "cached" not in states["feature"] | states["tune"] | states["train"]
    for part in ("train", "validation", "test"):
        assert max(second["cuts"][part]) > max(first["cuts"][part])
    assert [each["cut"] for each in second["panel"][:-1]] == [each["cut"] for each in first["panel"][1:]]
    again, states = run(tmp_path, 41)
    assert states["feature"] == {"cached"}
    assert again == second
