"""Other teams' tables, as they are in the repository: nothing but a folder makes the whole recipe run on them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from documents import assert_valid

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dataset", ["gym", "cdnow"])
def test_a_folder_is_all_it_takes(dataset, tracked_home):
    """A table with a numeric key, dates written dd.mm.yyyy and names with blanks; and an event log."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "run",
        str(ROOT / "datasets" / dataset),
        "--trials",
        "2",
        "--workers",
        "1",
        "--json",
    ]
    command += ["--override", "two trials are too few to be sure; what counts here is that it runs"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    run_id = json.loads(answer.stdout)["run_id"]
    run = tracked_home / "runs" / run_id
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert_valid("evaluation", evaluation)
    assert evaluation["metrics"]["roc_auc"]["value"] > 0.65
    answers = json.loads((run / "answers.json").read_text())["answers"]
    probabilities = [found["score"] for found in answers]
    assert len(answers) == 3
    assert probabilities[0] > probabilities[1] > probabilities[2]
    assert all(found["reasons"] for found in answers)
