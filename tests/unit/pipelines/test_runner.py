"""pipelines/local/runner.py: the runner process, watched. The graph is played by a script of a few lines."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from pipelines.local import runner
from pipelines.local.child import Job
from pipelines.local.display import PlainDisplay
from pipelines.local.runner import PipelineFailedError, run_graph
from tenure.errors import StorageError

PRELUDE = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
def tell(**fields):
    with (folder / "events.jsonl").open("a") as stream:
        stream.write(json.dumps({"time": time.time(), "step": "tune", "task": "tune", **fields}) + "\\n")
"""


@pytest.fixture
def job(tmp_path):
    return Job(
        image="x:1",
        arguments={},
        home=str(tmp_path),
        pipeline_root=str(tmp_path / "artifacts"),
        cache_root=str(tmp_path / "cache"),
        use_cache=True,
        tracking_uri="",
        workers=2,
        serve=False,
    )


@pytest.fixture
def play(tmp_path, monkeypatch, job):
    """Runs a script in place of the graph."""

    def with_script(body, display=None):
        code = PRELUDE + textwrap.dedent(body)
        monkeypatch.setattr(runner, "runner_command", lambda folder: [sys.executable, "-c", code, str(folder)])
        descriptor = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
        try:
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123
                return run_graph(job, tmp_path, display or PlainDisplay(nowhere), descriptor)
        finally:
            os.close(descriptor)

    return with_script


def is_alive(pid):
    """Whether a process runs; a zombie that nobody waited for does not."""
    try:
        with open(f"/proc/{pid}/stat") as stream:  # noqa: PTH123
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, timeout_s=15.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_results_and_progress_of_a_run_that_works(play, tmp_path):
    outcome = play("""
        tell(event="start")
        tell(event="done", summary={"trials": 3}, elapsed_s=0.1)
        print("noise of kfp")
        (folder / "results.json").write_text(json.dumps({"raw": "/x/raw"}))
    """)
    assert str(outcome.results["raw"]) == "/x/raw"
    assert outcome.progress.summary("tune") == {"trials": 3}
    assert (tmp_path / "run.log").read_text() == "noise of kfp\n"


def test_nothing_that_the_runner_prints_reaches_the_screen(play, capfd):
    play("""
        print("noise on stdout")
        print("noise on stderr", file=sys.stderr)
        (folder / "results.json").write_text("{}")
    """)
    assert capfd.readouterr() == ("", "")


def test_the_error_of_a_step_is_the_error_of_the_run(play):
    with pytest.raises(PipelineFailedError, match=r"^row 7: no label$") as caught:
        play("""
            tell(event="start")
            tell(event="error", message="row 7: no label", type="DataError", exit_status=2, elapsed_s=0.1)
            sys.exit(1)
        """)
    assert caught.value.exit_status == 2


def test_a_bug_in_a_step_says_where_its_trace_is(play, tmp_path):
    with pytest.raises(PipelineFailedError, match=r"^train: KeyError: 'x'; the log is .*run\.log$") as caught:
        play("""
            print("Traceback of the step")
            tell(event="error", message="train: KeyError: 'x'", type="KeyError", exit_status=1, elapsed_s=0.1)
            sys.exit(1)
        """)
    assert caught.value.log.read_text() == "Traceback of the step\n"


def test_a_step_that_was_killed_is_named(play):
    with pytest.raises(PipelineFailedError, match="step tune was killed") as caught:
        play('tell(event="start"); sys.exit(1)')
    assert caught.value.exit_status == 1
    assert "run.log" in str(caught.value)


def test_a_runner_that_fails_before_any_step(play):
    with pytest.raises(PipelineFailedError, match="ended with status 3 before any step failed"):
        play("sys.exit(3)")


def test_a_run_folder_that_cannot_be_written(play, job, tmp_path):
    (tmp_path / "job.json").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        play("sys.exit(0)")


class InterruptWhen:
    """A display that behaves as Ctrl-C once a file is there."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def event(self, event):
        pass

    def tick(self, progress):
        if self.path.exists():
            raise KeyboardInterrupt


def test_an_interrupt_ends_the_runner_and_all_its_steps(play, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        play(
            """
            step = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            (folder / "pids.tmp").write_text(json.dumps([os.getpid(), step.pid]))
            (folder / "pids.tmp").rename(folder / "pids")
            time.sleep(60)
            """,
            InterruptWhen(tmp_path / "pids"),
        )
    assert not any(is_alive(pid) for pid in json.loads((tmp_path / "pids").read_text()))


def test_a_step_that_does_not_listen_is_ended_all_the_same(play, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "GRACE_S", 0.3)
    with pytest.raises(KeyboardInterrupt):
        play(
            """
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            (folder / "pids.tmp").write_text(json.dumps([os.getpid()]))
            (folder / "pids.tmp").rename(folder / "pids")
            time.sleep(60)
            """,
            InterruptWhen(tmp_path / "pids"),
        )
    assert not any(is_alive(pid) for pid in json.loads((tmp_path / "pids").read_text()))


def test_the_runner_and_its_steps_end_when_the_watcher_is_killed(tmp_path):
    """SIGKILL cannot be passed on: the runner itself notices that nobody watches."""
    script = textwrap.dedent(
        """
        import json, os, subprocess, sys, time
        from pipelines.local import child
        child._end_with_parent()
        step = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(json.dumps([os.getpid(), step.pid]), flush=True)
        time.sleep(60)
        """
    )
    watcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            f"subprocess.Popen([sys.executable, '-c', {script!r}], stdin=subprocess.PIPE, start_new_session=True)\n"
            "time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watcher.stdout is not None
    pids = json.loads(watcher.stdout.readline())
    assert all(is_alive(pid) for pid in pids)
    watcher.send_signal(signal.SIGKILL)
    watcher.wait(timeout=10)
    wait_for(lambda: not any(is_alive(pid) for pid in pids))
    watcher.stdout.close()


def test_steps_get_an_empty_standard_input(tmp_path):
    script = textwrap.dedent(
        """
        import subprocess, sys
        from pipelines.local import child
        child._end_with_parent()
        print(subprocess.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"],
                             capture_output=True, text=True, timeout=10).stdout.strip())
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "''"
    assert process.wait(timeout=10) == 0
    process.communicate()
