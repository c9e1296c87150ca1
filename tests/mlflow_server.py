"""A real MLflow server in a process of its own, on SQLite."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from answering import wait_for_answer


@contextlib.contextmanager
def mlflow_server(*options: str, log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Start ``mlflow server`` with further options; yields its address when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={address.rpartition(':')[2]}"]
    command += ["--workers=1", *options]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        try:
            wait_for_answer(f"{address}/health", process, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
