"""Runs the model server in a separate process, which is always terminated."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tenure.errors import ServingError
from tenure.progress import progress

_STOP_TIMEOUT_S = 15.0
_POLL_S = 1.0
_LOG_TAIL_BYTES = 8_192


@dataclass(frozen=True)
class Running:
    """A model server that is ready."""

    pid: int
    http_port: int
    grpc_port: int
    start_s: float
    """Time from the start of the process until the server was ready."""

    def peak_memory_mb(self) -> float:
        """Peak resident memory; the current one if the system does not record the peak."""
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            return int(fields["VmHWM"].split()[0]) / 1024
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(size.stdout) / 1024


@contextlib.contextmanager
def model_server(bundle: Path, name: str, deadline_s: float) -> Iterator[Running]:
    """Run ``python -m serving`` on free ports of this machine until the block ends.

    Args:
        bundle: folder of the bundle to serve.
        name: name of the model.
        deadline_s: longest time until the server is ready.

    Raises:
        ServingError: the server exits or is not ready in time; with the last line of its log.
    """
    command = [sys.executable, "-m", "serving", "--model", f"{name}={bundle}", "--host", "127.0.0.1"]
    command += ["--http-port", "0", "--grpc-port", "0", "--grace-s", "5", "--log-level", "warning"]
    with tempfile.TemporaryFile() as log:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # In the step's process group, so that a signal that kills the run also kills the server.
        )
        try:
            ready = _wait(process, log, started, deadline_s)
            running = Running(process.pid, ready["http_port"], ready["grpc_port"], time.monotonic() - started)
            try:
                yield running
            except ServingError as error:
                raise ServingError(f"{error}{_log_suffix(process, log)}") from error
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], log: IO[bytes], started: float, deadline_s: float) -> dict[str, int]:
    """Wait for the line that the server prints when it is ready; returns its content."""
    output = process.stdout.fileno() if process.stdout is not None else -1
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            waited_s = time.monotonic() - started
            if waited_s > deadline_s:
                raise ServingError(f"the model server is not ready after {deadline_s:g} s{_log_suffix(process, log)}")
            if not selector.select(timeout=min(_POLL_S, deadline_s - waited_s + 0.01)):
                progress(f"waiting for the model server, {waited_s:.0f} of {deadline_s:g} s")
                continue
            chunk = os.read(output, 65_536)
            if not chunk:
                process.wait(timeout=_STOP_TIMEOUT_S)
                raise ServingError(f"the model server did not start{_log_suffix(process, log)}")
            line += chunk
    ready: dict[str, int] = json.loads(line)
    return ready


def _log_suffix(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """Suffix of an error message: exit status if the process has ended, and the last line of its log."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - _LOG_TAIL_BYTES))
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    ended = f"; it ended with status {process.returncode}" if process.poll() is not None else ""
    if not lines:
        return ended
    try:
        message = json.loads(lines[-1])["message"]
    except (ValueError, KeyError, TypeError):
        message = lines[-1][-300:]
    return f"{ended}; its last log line: {message}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process, and kill it if it does not exit. With one worker it has no child processes."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_STOP_TIMEOUT_S)
    if process.poll() is None:
        process.kill()
        process.wait(timeout=_STOP_TIMEOUT_S)
