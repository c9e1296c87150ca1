"""MLServer with its XGBoost runtime, in an environment of its own: its dependencies do not agree with ours.

The environment is made at the first run and kept in ``build/``; where it cannot be made, the benchmark says so and goes
on without this peer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("mlserver==1.7.1", "mlserver-xgboost==1.7.1")
HOME = Path(__file__).resolve().parent.parent.parent / "build" / "peers" / "mlserver-1.7.1"
INSTALL_S = 900.0


class NotInstalledError(Exception):
    """The environment cannot be made; one line says why."""


def install(home: Path = HOME) -> Path:
    """The ``mlserver`` command, installed now if it is not there.

    Raises:
        NotInstalledError: it cannot be.
    """
    command, whole = home / "bin" / "mlserver", home / "whole"
    if whole.exists():
        return command
    shutil.rmtree(home, ignore_errors=True)  # what a run that was stopped left
    python = str(home / "bin" / "python")
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(home)]
        add = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        make, add = [sys.executable, "-m", "venv", str(home)], [python, "-m", "pip", "install", "--quiet"]
    try:
        for step in (make, [*add, *PACKAGES]):
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=INSTALL_S)
        whole.touch()
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(home, ignore_errors=True)
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise NotInstalledError(said[-1][:200] if said else type(error).__name__) from None
    return command


def prepare(folder: Path, booster: Path, http_port: int, grpc_port: int, metrics_port: int) -> None:
    """Write what ``mlserver start`` reads: one process, no access log, the model under the name ``telco``."""
    folder.mkdir()
    settings = {
        "host": "127.0.0.1",
        "http_port": http_port,
        "grpc_port": grpc_port,
        "metrics_port": metrics_port,
        "parallel_workers": 0,
        "debug": False,
    }
    model = {
        "name": "telco",
        "implementation": "mlserver_xgboost.XGBoostModel",
        "parameters": {"uri": str(booster), "version": "1"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))


def one_thread() -> dict[str, str]:
    """What the environment must say for it to use one core as the others do."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}
