"""The model server as a process of its own: started, watched, and always ended."""

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

_END_S = 15.0
_LOOK_S = 1.0
_LAST_BYTES = 8_192


@dataclass(frozen=True)
class Running:
    """A server that is ready."""

    pid: int
    http_port: int
    grpc_port: int
    start_s: float
    """From the start of the process until it was ready."""

    def peak_memory_mb(self) -> float:
        """Largest resident memory so far; what it is now where the system does not keep the peak."""
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            return int(fields["VmHWM"].split()[0]) / 1024
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(size.stdout) / 1024


@contextlib.contextmanager
def model_server(bundle: Path, name: str, deadline_s: float) -> Iterator[Running]:
    """``python -m serving`` on free ports of this machine, while the context lasts.

    Args:
        bundle: what is served, as the model ``name``.
        deadline_s: how long it may take until it is ready.

    Raises:
        ServingError: it ends or is not ready in time, with the last line of its log; or it dies meanwhile.
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
            # In the step's process group, so that whatever ends the run by force ends the server too.
        )
        try:
            ready = _wait(process, log, started, deadline_s)
            running = Running(process.pid, ready["http_port"], ready["grpc_port"], time.monotonic() - started)
            try:
                yield running
            except ServingError as error:
                raise ServingError(f"{error}{_last_words(process, log)}") from error
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], log: IO[bytes], started: float, deadline_s: float) -> dict[str, int]:
    """The line that the server writes when it is ready."""
    output = process.stdout.fileno() if process.stdout is not None else -1
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            waited_s = time.monotonic() - started
            if waited_s > deadline_s:
                raise ServingError(f"the model server is not ready after {deadline_s:g} s{_last_words(process, log)}")
            if not selector.select(timeout=min(_LOOK_S, deadline_s - waited_s + 0.01)):
                progress(f"waiting for the model server, {waited_s:.0f} of {deadline_s:g} s")
                continue
            chunk = os.read(output, 65_536)
            if not chunk:
                process.wait(timeout=_END_S)
                raise ServingError(f"the model server did not come up{_last_words(process, log)}")
            line += chunk
    ready: dict[str, int] = json.loads(line)
    return ready


def _last_words(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """What the last line of the log says, and whether the process is gone, to follow an error's message."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - _LAST_BYTES))
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    gone = f"; it ended with status {process.returncode}" if process.poll() is not None else ""
    if not lines:
        return gone
    try:
        said = json.loads(lines[-1])["message"]
    except (ValueError, KeyError, TypeError):
        said = lines[-1][-300:]
    return f"{gone}; its last log line: {said}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, by force if it does not listen. With one worker it starts no other."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_END_S)
    if process.poll() is None:
        process.kill()
        process.wait(timeout=_END_S)
