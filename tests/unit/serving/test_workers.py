"""The parent of several workers, and signals during the start of a server. Each test runs its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from time import monotonic
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked")

PARENT = """
import os, signal, sys, time
from serving.observation import logs
from serving.lifecycle.workers import run_workers
from tenure.errors import InputError, TenureError
logs.configure("info")
{work}
try:
    run_workers(3, serve, grace_s=5, stopping=lambda: None, ready=lambda: print("ready", flush=True))
except TenureError as error:
    print(error)
    sys.exit(error.exit_status)
"""

EARLY = """
import os, signal, sys
from serving.lifecycle import app
from serving.lifecycle.reload import Reloader
looked = Reloader.check_all
async def told(self, **given):
    os.kill(os.getpid(), signal.SIGTERM)
    await looked(self, **given)
app.reserve_kserve()
Reloader.check_all = told
sys.exit(app.main(sys.argv[1:]))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_worker_that_cannot_begin_ends_all_with_a_status_and_a_line() -> None:
    work = """
def serve(worker, ready):
    if worker == 1:
        raise InputError("no such\\nthing")
    ready()
    time.sleep(30)
"""
    done = run(PARENT.format(work=work))
    assert (done.returncode, done.stdout) == (6, "a worker ended before it was ready\n")
    (line,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (line["level"], line["message"]) == ("error", "no such thing")
    assert "trace" not in line


def test_a_stop_between_two_forks_reaches_every_worker() -> None:
    work = """
real, forked = os.fork, []
def fork():
    pid = real()
    if pid:
        forked.append(pid)
        if len(forked) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
    return pid
os.fork = fork
def serve(worker, ready):
    time.sleep(30)
"""
    # Were it lost, the worker would live until it is killed, 10 s later.
    began = monotonic()
    done = run(PARENT.format(work=work))
    assert (done.returncode, done.stdout) == (0, "")
    assert monotonic() - began < 9


def test_a_stop_that_comes_while_the_server_starts_is_not_lost(small_bundle: Any) -> None:
    where = ["--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--drain-s", "0"]
    done = run(EARLY, "--model", f"telco={small_bundle.folder}", *where)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "draining" in done.stderr
