"""One run at a time in a home.

The lock is a kernel lock (``flock``) on ``<home>/lock``, which is released when its process ends in any way, so that no
lock outlives its run. The file contains pid and run id of the holder, for messages and ``tenure runs``. The runner
process inherits the lock, so that the home stays locked until the last process of a killed run has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tenure.errors import BusyError, StorageError
from tenure.file_modes import PRIVATE_FILE

GRACE_S = 10.0
"""Time to wait for the remaining processes of a killed run to end."""


@dataclass(frozen=True)
class Holder:
    """Process and run that hold the lock of a home."""

    pid: int
    run_id: str


class HomeLock:
    """Locks a home for one run, as a context manager.

    Raises:
        BusyError: on entering, if another running process holds the lock; the message contains its pid.
        StorageError: on entering, if the lock file cannot be written.
    """

    def __init__(self, path: Path, run_id: str, grace_s: float = GRACE_S) -> None:
        self._path = path
        self._run_id = run_id
        self._grace_s = grace_s
        self.descriptor = -1

    def __enter__(self) -> Self:
        try:
            self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        except OSError as error:
            raise StorageError(f"cannot open the lock {self._path}: {error.strerror or error}") from error
        deadline = time.monotonic() + self._grace_s
        while not _try_lock(self.descriptor):
            holder = _read(self._path)
            if holder is None or _is_alive(holder.pid) or time.monotonic() > deadline:
                os.close(self.descriptor)
                user = f"run {holder.run_id}, process {holder.pid}" if holder else "another process"
                raise BusyError(f"{self._path.parent} is in use by {user}; wait for it, end it, or use another --home")
            time.sleep(0.05)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps({"pid": os.getpid(), "run_id": self._run_id}).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)


def holder_of(path: Path) -> Holder | None:
    """The holder of the lock at ``path``; None if it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _read(path)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(path: Path) -> Holder | None:
    try:
        content = json.loads(path.read_text())
        return Holder(pid=int(content["pid"]), run_id=str(content["run_id"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
