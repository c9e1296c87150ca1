"""Runs the graph in a separate process and follows its progress.

    this process                       runner process (pipelines.local.child)      a process a step
    lock, run.json, screen, signals ─▶ the graph under kfp.local         ─▶  components/<step>
              ▲                                                                   │
              └──────────────── runs/<run id>/events.jsonl ◀──────────────────────┘

This process does not import kfp: it starts fast, and kfp's output does not reach the screen.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from pipelines.local.child import EVENTS_FILE, RESULTS_FILE, Job
from pipelines.local.display import Display
from pipelines.local.events import RunProgress, Tail
from pipelines.local.import_path import import_environment
from tenure.errors import StorageError, TenureError

POLL_S = 0.1
GRACE_S = 8.0
"""Time between SIGTERM and SIGKILL of the steps."""

LOG_FILE = "run.log"


class PipelineFailedError(TenureError):
    """A step failed. ``exit_status`` is that of the step's error; the run's ``log`` contains the traceback."""

    def __init__(self, message: str, exit_status: int, log: Path) -> None:
        super().__init__(message)
        self.exit_status = exit_status
        self.log = log


@dataclass(frozen=True)
class Outcome:
    """Result of a run of the graph."""

    progress: RunProgress
    results: Mapping[str, Path]
    """Name of a pipeline output to its folder."""


def run_graph(
    job: Job,
    run_folder: Path,
    display: Display,
    lock_descriptor: int,
    on_event: Callable[[Mapping[str, Any]], None] = lambda _event: None,
) -> Outcome:
    """Run the training graph to its end and display its progress.

    Args:
        job: input of the runner process.
        run_folder: the run's folder, for log, events and results.
        display: shows the progress.
        lock_descriptor: file descriptor of the home's lock, which the runner process inherits.
        on_event: called with every event of a step.

    Raises:
        PipelineFailedError: a step failed; with the message and exit status of its error.
        StorageError: the log or the job cannot be written.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after every process of the run has ended.
    """
    progress = RunProgress()
    tail = Tail(run_folder / EVENTS_FILE)
    with _started(job, run_folder, lock_descriptor) as runner, display:

        def follow() -> None:
            for event in tail.read():
                progress.apply(event)
                display.event(event)
                on_event(event)
            display.tick(progress)

        while runner.poll() is None:
            follow()
            time.sleep(POLL_S)
        follow()
    if runner.returncode != 0:
        raise _failure(progress, runner.returncode, run_folder / LOG_FILE)
    results = json.loads((run_folder / RESULTS_FILE).read_text(encoding="utf-8"))
    return Outcome(progress, {name: Path(uri) for name, uri in results.items()})


@contextlib.contextmanager
def _started(job: Job, run_folder: Path, lock_descriptor: int) -> Iterator[subprocess.Popen[bytes]]:
    """The runner process; leaving the block terminates it and its steps if they still run."""
    try:
        job.write(run_folder)
        log = (run_folder / LOG_FILE).open("ab")
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise StorageError(f"cannot write {run_folder}: {what}") from error
    with log, _sigterm_interrupts():
        runner = subprocess.Popen(
            runner_command(run_folder),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **import_environment()},
            start_new_session=True,
            pass_fds=(lock_descriptor,),
        )
        try:
            yield runner
        finally:
            if runner.poll() is None:
                _terminate_group(runner)
            if runner.stdin is not None:
                runner.stdin.close()


def runner_command(run_folder: Path) -> list[str]:
    """Command line of the runner process."""
    return [sys.executable, "-m", "pipelines.local.child", str(run_folder)]


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate_group(runner: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM to the runner and its steps, and SIGKILL to those that remain after ``GRACE_S``."""
    group = runner.pid
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            runner.poll()
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
    runner.wait()


def _failure(progress: RunProgress, status: int, log: Path) -> TenureError:
    failure, killed = progress.failure, progress.unfinished()
    if failure is not None and failure.exit_status != TenureError.exit_status:
        return PipelineFailedError(failure.message, failure.exit_status, log)
    if failure is not None:
        message = failure.message
    elif killed:
        message = f"step {killed[0]} was killed, perhaps because memory ran out"
    else:
        message = f"the runner ended with status {status} before any step failed"
    return PipelineFailedError(f"{message}; the log is {log}", TenureError.exit_status, log)
