"""Several processes on the same sockets.

The parent reads the bundles, opens the sockets and forks; it answers no request itself. KServe's own ``--workers``
starts every worker from nothing, sends it the model by pickle, and kills it if it is still importing after five
seconds; gRPC it leaves to the parent alone.
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
from tenure.errors import ServingError, TenureError

_STOPS = (signal.SIGTERM, signal.SIGINT)

_RESTART_PAUSE_S = 1.0
"""Between a worker's death and its successor's start: one that dies at once must not take the machine with it."""


Serve = Callable[[int, Callable[[], None]], None]
"""What a worker does until it is told to stop. It gets its place, 0 to count − 1, and calls the other when ready."""


def run_workers(
    count: int, serve: Serve, grace_s: float, stopping: Callable[[], None], ready: Callable[[], None]
) -> None:
    """Run ``serve`` in ``count`` processes until SIGTERM or SIGINT; a worker that dies is replaced.

    Every worker gets the SIGHUP that this process gets.

    Args:
        serve: a worker's work. A worker that takes another's place has its number.
        grace_s: how long they may take to end.
        stopping: called before they are told to.
        ready: called once, when every worker is.

    Raises:
        ServingError: a worker ended before it was ready; its own line in the log says why.
    """
    _Supervisor(serve, grace_s, stopping).run(count, ready)


class _Supervisor:
    def __init__(self, serve: Serve, grace_s: float, stopping: Callable[[], None]) -> None:
        self._serve = serve
        self._tell_stopping = stopping
        self._grace_s = grace_s
        self._alive: dict[int, int] = {}
        """A worker's place by its process id."""
        self._stopping = False

    def run(self, count: int, ready: Callable[[], None]) -> None:
        for number in (*_STOPS, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        # Workers share the pages of what is loaded already, as long as the collector does not touch them.
        gc.freeze()
        reading, writing = os.pipe()
        for worker in range(count):
            self._fork(worker, writing)
        os.close(writing)
        # One byte a worker that is ready; the end of the pipe if one died before.
        told = 0
        while told < count and not self._stopping and (chunk := os.read(reading, count)):
            told += len(chunk)
        os.close(reading)
        if told == count:
            ready()
        failed = told < count and not self._stopping
        if failed:
            self._stop()
        while self._alive:
            self._wait(restart=told == count)
        if failed:
            raise ServingError("a worker ended before it was ready")

    def _fork(self, worker: int, ready_pipe: int | None) -> None:
        # A signal waits meanwhile: a worker that is not in the list yet would never hear of it.
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
            # One that comes before the worker watches its bundles would end it.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            self._serve(worker, lambda: _tell(ready_pipe))
            status = 0
        except TenureError as error:
            logs.server.error(" ".join(str(error).split()))
        except BaseException as error:  # the copy of the parent must end here, whatever happens
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
            self._tell_stopping()
        self._stopping = True
        self._signal_all(signal.SIGTERM)
        # Workers end by themselves within the grace period; one that hangs is killed.
        signal.signal(signal.SIGALRM, self._on_signal)
        signal.alarm(int(self._grace_s) + 5)

    def _signal_all(self, number: int) -> None:
        for pid in tuple(self._alive):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _tell(ready_pipe: int | None) -> None:
    if ready_pipe is not None:
        os.write(ready_pipe, b".")
        os.close(ready_pipe)
