"""Processes of a run import Tenure and Python's modules, and nothing from the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.local.import_path import import_environment


@pytest.mark.parametrize("start", [["-c", "import random, tenure"], ["-m", "pipelines.local.import_path"]])
def test_files_of_the_current_folder_shadow_no_module(start: list[str], tmp_path: Path) -> None:
    for name in ("random", "tenure", "pipelines"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('from the current folder')")
    environment = {**os.environ, **import_environment()}
    done = subprocess.run([sys.executable, *start], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
