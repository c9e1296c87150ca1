"""``tenure rollout``: the rollout's command line under the name that people type."""

import os
import subprocess
import sys


def rollout(*arguments):
    environment = {**os.environ, "KUBECONFIG": "/nowhere"}
    command = [sys.executable, "-m", "pipelines.cli", "rollout", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_help_and_examples_say_what_was_typed():
    answer = rollout("--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith("usage: tenure rollout ")
    assert "  tenure rollout abort churn --why" in answer.stdout
    assert "python -m" not in answer.stdout


def test_options_and_exit_status_are_the_rollouts():
    answer = rollout("plan", "--requests-per-s", "20")
    assert answer.returncode == 0
    assert [line.split()[1] for line in answer.stdout.splitlines()[1:5]] == ["5", "25", "50", "100"]
    refused = rollout("status", "churn")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("error: no cluster")
