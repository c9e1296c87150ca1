"""What every step does besides its work: emit events, report an error in one line, and publish reports.

The body of a component::

    from components.step import step

    with step("ingest") as running:
        from components.ingest.logic import run

        running.summary = run(contract=contract, folder=Path(raw.path))

Environment variables, all optional (a step does the same work without them):

``TENURE_EVENTS``          file to which events are appended, one JSON object a line, in one write
``TENURE_RUN_DIR``         folder of the run, for published reports
``TENURE_PIPELINE_ROOT``   folder of the local runner's artifacts, see ``components.content``
``TENURE_PARALLEL_TASKS``  number of workers of one step that share this machine's cores

An event: ``{"time": 1763712000.1, "step": "tune", "task": "tune#0", "event": "progress", …}`` with

    start       pid
    progress    message; done and total, if the work can be counted
    done        summary: JSON values to display; elapsed_s
    error       message (one line), type, exit_status; elapsed_s
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tenure.atomic import copy_file
from tenure.errors import StorageError, TenureError, first_line
from tenure.file_modes import PRIVATE_FILE
from tenure.progress import listening

EVENTS_VARIABLE = "TENURE_EVENTS"
RUN_DIR_VARIABLE = "TENURE_RUN_DIR"
PIPELINE_ROOT_VARIABLE = "TENURE_PIPELINE_ROOT"
PARALLEL_TASKS_VARIABLE = "TENURE_PARALLEL_TASKS"

RESERVE_FILE = ".reserve"
"""Reserved space in the run's folder, released when the disk is full so that the run can still record the error."""

INTERRUPTED_STATUS = 130
"""Exit status of a step that was interrupted, as a shell has it: 128 + SIGINT."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")

_STORAGE_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
}


class Step:
    """A running step. ``summary`` is displayed with its ``done`` event."""

    def __init__(self, name: str, task: str) -> None:
        self.name = name
        self.task = task
        self.summary: dict[str, Any] = {}
        self._started = time.monotonic()

    def emit(self, event: str, **fields: Any) -> None:
        """Append an event to the file in ``TENURE_EVENTS``, if it is set."""
        record = {"time": round(time.time(), 3), "step": self.name, "task": self.task, "event": event, **fields}
        path = environment_path(EVENTS_VARIABLE)
        if path is None:
            return
        # One write of one line in append mode, so that lines of parallel workers do not mix. An event that cannot be
        # written must not fail the step.
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
            try:
                os.write(descriptor, (json.dumps(record, default=str) + "\n").encode())
            finally:
                os.close(descriptor)

    def progress(self, message: str, done: int | None, total: int | None) -> None:
        """Emit a progress event and print it; the step's ``tenure.progress.Listener``."""
        counted = {} if total is None else {"done": done, "total": total}
        self.emit("progress", message=message, **counted)
        count = "" if total is None else f" {done}/{total}"
        print(f"[{self.task}] {message}{count}", flush=True)

    def elapsed_s(self) -> float:
        """Time since the step started."""
        return round(time.monotonic() - self._started, 3)


@contextlib.contextmanager
def step(name: str, worker: int | None = None) -> Iterator[Step]:
    """Run the body of a component: ``with step("ingest") as running: running.summary = ingest(...)``.

    Args:
        name: name of the step.
        worker: index among the parallel tasks of the step. Such a task limits its threads to its share of the cores;
            numeric libraries read the limit when they are imported, so import them inside the ``with``.

    A ``TenureError`` ends the process with one line on stderr and the error's exit status, as do a full or read-only
    disk (``StorageError``) and a lack of memory. Any other exception is a bug: its traceback is printed, and the
    process ends with status 1.
    """
    running = Step(name, name if worker is None else f"{name}#{worker}")
    if worker is not None:
        _limit_threads()
    running.emit("start", pid=os.getpid())
    print(f"[{running.task}] start", flush=True)
    previous = signal.signal(signal.SIGTERM, _interrupt) if _in_main_thread() else None
    try:
        with listening(running.progress):
            yield running
    except KeyboardInterrupt:
        _fail(running, "interrupted", "KeyboardInterrupt", INTERRUPTED_STATUS)
    except TenureError as error:
        if isinstance(error, StorageError):
            release_reserve(environment_path(RUN_DIR_VARIABLE))
        _fail(running, first_line(error), type(error).__name__, error.exit_status)
    except MemoryError:
        _fail(running, f"{name}: not enough memory", "MemoryError", TenureError.exit_status)
    except Exception as error:
        storage = storage_error(error)
        traceback.print_exc()
        if storage is not None:
            release_reserve(environment_path(RUN_DIR_VARIABLE))
            _fail(running, first_line(storage), type(storage).__name__, storage.exit_status)
        _fail(running, f"{name}: {type(error).__name__}: {first_line(error)}", type(error).__name__, 1)
    else:
        running.emit("done", summary=running.summary, elapsed_s=running.elapsed_s())
        print(f"[{running.task}] done in {running.elapsed_s():.1f} s", flush=True)
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


def publish(path: Path | str, name: str | None = None) -> None:
    """Copy a report to the folder in ``TENURE_RUN_DIR`` as ``name``; does nothing if it is not set.

    Raises:
        StorageError: if the copy cannot be written.
    """
    folder = environment_path(RUN_DIR_VARIABLE)
    if folder is None:
        return
    source = Path(path)
    copy_file(source, folder / (name or source.name))


def release_reserve(run_folder: Path | None) -> None:
    """Delete the file that reserves disk space for the end of a run."""
    if run_folder is not None:
        (run_folder / RESERVE_FILE).unlink(missing_ok=True)


def environment_path(variable: str) -> Path | None:
    """The path in an environment variable; None if it is unset or empty."""
    text = os.environ.get(variable)
    return Path(text) if text else None


def storage_error(error: BaseException | None) -> StorageError | None:
    """A ``StorageError`` if a full or read-only disk is the cause of ``error``, else None."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _STORAGE_ERRORS:
            where = f": {error.filename}" if error.filename else ""
            return StorageError(f"{_STORAGE_ERRORS[error.errno]}{where}")
        error = error.__cause__ or error.__context__
    return None


def _fail(running: Step, message: str, kind: str, exit_status: int) -> None:
    running.emit("error", message=message, type=kind, exit_status=exit_status, elapsed_s=running.elapsed_s())
    print(f"[{running.task}] error: {message}", file=sys.stderr, flush=True)
    raise SystemExit(exit_status) from None


def _limit_threads() -> None:
    """Limit the threads of parallel workers: with a thread a core in each, they would mostly wait for each other."""
    parallel = os.environ.get(PARALLEL_TASKS_VARIABLE)
    if parallel is not None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(max(1, cores // int(parallel)))))


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
