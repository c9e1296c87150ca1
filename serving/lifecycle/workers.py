"""Several worker processes on the same sockets.

The parent reads the bundles, opens the sockets and forks; it answers no requests. KServe's ``--workers`` spawns every
worker anew, sends it the model by pickle, kills it if it is still importing after five seconds, and serves gRPC in the
parent only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from serving.observation import logs
from tenure.errors import ServingError, TenureError, one_line

_STOPS = (signal.SIGTERM, signal.SIGINT)

_RESTART_PAUSE_S = 1.0
"""Pause between a worker's death and its successor's start, in case every successor dies at once."""


Serve = Callable[[int, Callable[[], None]], None]
"""A worker's work until a signal stops it; gets its number, from 0, and a function to call when it is ready."""


def run_workers(
    count: int, serve: Serve, grace_s: float, stopping: Callable[[], None], ready: Callable[[], None]
) -> None:
    """Run ``serve`` in ``count`` processes until SIGTERM or SIGINT; a worker that dies is replaced.

    SIGHUP is passed on to every worker.

    Args:
        serve: a worker's work. A successor has the number of the worker that it replaces.
        grace_s: seconds that workers may take to end.
        stopping: called before the workers are stopped.
        ready: called once, when all workers are ready.

    Raises:
        ServingError: a worker ended before it was ready; its own log line gives the reason.
    """
    _Supervisor(serve, grace_s, stopping).run(count, ready)


class _Supervisor:
    def __init__(self, serve: Serve, grace_s: float, stopping: Callable[[], None]) -> None:
        self._serve = serve
        self._on_stopping = stopping
        self._grace_s = grace_s
        self._alive: dict[int, int] = {}
        """A worker's number by its process id."""
        self._stopping = False

    def run(self, count: int, ready: Callable[[], None]) -> None:
        for number in (*_STOPS, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        # Workers share memory pages with the parent as long as the garbage collector does not write to them.
        gc.freeze()
        reading, writing = os.pipe()
        for worker in range(count):
            self._fork(worker, writing)
        os.close(writing)
        # Each ready worker writes one byte; the pipe ends early if one dies before.
        ready_workers = 0
        while ready_workers < count and not self._stopping and (chunk := os.read(reading, count)):
            ready_workers += len(chunk)
        os.close(reading)
        if ready_workers == count:
            ready()
        failed = ready_workers < count and not self._stopping
        if failed:
            self._stop()
        while self._alive:
            self._wait(restart=ready_workers == count)
        if failed:
            raise ServingError("a worker ended before it was ready")

    def _fork(self, worker: int, ready_pipe: int | None) -> None:
        # Signals are blocked meanwhile: a worker that is not in the list yet would not get them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        if self._stopping:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            return
        pid = os.fork()
        if pid:
            self._alive[pid] = worker
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            return
        status = 1
        try:
            for number in _STOPS:
                signal.signal(number, signal.SIG_DFL)
            # SIGHUP would end a worker that has no handler for it yet.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            self._serve(worker, lambda: _report_ready(ready_pipe))
            status = 0
        except TenureError as error:
            logs.server.error(one_line(error))
        except BaseException as error:  # the forked process must not return into the parent's code
            logs.server.error("worker failed", exc_info=error)
        finally:
            os._exit(status)

    def _wait(self, restart: bool) -> None:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            self._alive.clear()
            return
        worker = self._alive.pop(pid, None)
        if worker is None or self._stopping or not restart:
            return
        fields = {"pid": pid, "status": os.waitstatus_to_exitcode(status)}
        logs.server.error("worker died; starting another", extra={"fields": fields})
        time.sleep(_RESTART_PAUSE_S)
        self._fork(worker, None)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGALRM:
            self._signal_all(signal.SIGKILL)
            return
        if number == signal.SIGHUP:
            self._signal_all(number)
            return
        self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._on_stopping()
        self._stopping = True
        self._signal_all(signal.SIGTERM)
        # Workers end within the grace period; one that hangs is killed.
        signal.signal(signal.SIGALRM, self._on_signal)
        signal.alarm(int(self._grace_s) + 5)

    def _signal_all(self, number: int) -> None:
        for pid in tuple(self._alive):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _report_ready(ready_pipe: int | None) -> None:
    if ready_pipe is not None:
        os.write(ready_pipe, b".")
        os.close(ready_pipe)
