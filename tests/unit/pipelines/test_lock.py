"""pipelines/local/lock.py: one run at a time in a home."""

import json
import os
import signal
import subprocess
import sys

import pytest

from pipelines.local.lock import Holder, HomeLock, holder_of
from tenure.errors import BusyError, StorageError

HOLD = """
import sys, time
from pathlib import Path
from pipelines.local.lock import HomeLock
with HomeLock(Path(sys.argv[1]), "other-run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def holder(path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    yield process
    process.kill()
    process.communicate()


def test_the_second_run_is_told_who_holds_the_home(path, holder):
    with (
        pytest.raises(BusyError, match=rf"is in use by run other-run, process {holder.pid};") as caught,
        HomeLock(path, "mine"),
    ):
        pytest.fail("entered a home that is taken")
    assert "\n" not in str(caught.value)
    assert holder_of(path) == Holder(holder.pid, "other-run")


def test_a_killed_holder_leaves_no_lock(path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=10)
    assert holder_of(path) is None
    with HomeLock(path, "mine"):
        assert json.loads(path.read_text()) == {"pid": os.getpid(), "run_id": "mine"}


def test_what_a_killed_run_left_behind_holds_the_home_until_it_ends(path):
    """The runner process inherits the lock: while it lives, nobody else starts."""
    with HomeLock(path, "killed") as lock:
        orphan = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.descriptor,))
        # A pid that no process has, as of a holder that is gone.
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        content = json.dumps({"pid": gone.pid, "run_id": "killed"})
    path.write_text(content)
    try:
        with pytest.raises(BusyError, match="run killed"), HomeLock(path, "mine", grace_s=0.2):
            pytest.fail("entered a home in which a process still writes")
    finally:
        orphan.communicate(b"\n", timeout=10)
    with HomeLock(path, "mine", grace_s=0.2):
        pass


def test_a_released_lock_can_be_taken_again(path):
    for _ in range(2):
        with HomeLock(path, "mine"):
            assert holder_of(path) == Holder(os.getpid(), "mine")
        assert holder_of(path) is None


def test_a_lock_that_cannot_be_written_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot open the lock"), HomeLock(tmp_path / "missing" / "lock", "mine"):
        pytest.fail("entered without a lock")


def test_no_lock_file_has_no_holder(path):
    assert holder_of(path) is None
