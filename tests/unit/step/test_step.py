"""components/step.py: events, progress, one-line failures, reports."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from components import step as module
from components.step import publish, step, storage_error
from tenure.errors import DataError, SourceError, StorageError
from tenure.progress import progress

ROOT = str(Path(module.__file__).resolve().parent.parent)


@pytest.fixture
def events(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv("TENURE_EVENTS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def test_events_of_a_step_that_works(events):
    with step("ingest") as running:
        progress("reading", done=1, total=2)
        progress("almost there")
        running.summary = {"rows": 3}
    told = events()
    assert [event["event"] for event in told] == ["start", "progress", "progress", "done"]
    assert told[0]["pid"] == os.getpid()
    assert (told[1]["message"], told[1]["done"], told[1]["total"]) == ("reading", 1, 2)
    assert "total" not in told[2]
    assert told[3]["summary"] == {"rows": 3}
    assert told[3]["elapsed_s"] >= 0
    assert {event["step"] for event in told} == {event["task"] for event in told} == {"ingest"}


def test_workers_of_one_step_are_tasks_of_their_own(events):
    with step("tune", worker=1):
        pass
    assert {(event["step"], event["task"]) for event in events()} == {("tune", "tune#1")}


@pytest.mark.parametrize(
    ("raised", "kind", "status", "message"),
    [
        (DataError("row 7: no"), "DataError", 2, "row 7: no"),
        (SourceError("db: down"), "SourceError", 3, "db: down"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "StorageError", 5, "the disk is full: /x/y"),
        (OSError(errno.EROFS, "Read-only"), "StorageError", 5, "the disk is read-only"),
        (MemoryError(), "MemoryError", 1, "feature: not enough memory"),
        (KeyboardInterrupt(), "KeyboardInterrupt", 130, "interrupted"),
        (ValueError("first\nsecond"), "ValueError", 1, "feature: ValueError: first"),
    ],
)
def test_a_failure_is_one_line_with_an_exit_status(events, capsys, raised, kind, status, message):
    with pytest.raises(SystemExit) as left, step("feature"):
        raise raised
    assert left.value.code == status
    error = events()[-1]
    assert (error["event"], error["type"], error["exit_status"], error["message"]) == ("error", kind, status, message)
    assert f"[feature] error: {message}\n" in capsys.readouterr().err


def test_a_foreseen_error_shows_no_trace_and_a_bug_does(capsys):
    with pytest.raises(SystemExit), step("train"):
        raise DataError("foreseen")
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(SystemExit), step("train"):
        raise ValueError("a bug")
    assert "Traceback" in capsys.readouterr().err


def test_a_full_disk_is_found_at_the_root_of_another_error():
    error = RuntimeError("cannot write the study")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    found = storage_error(error)
    assert isinstance(found, StorageError)
    assert str(found) == "the disk is full"
    assert storage_error(RuntimeError("else")) is None
    assert storage_error(OSError(errno.ENOENT, "no such file")) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device(events):
    with pytest.raises(SystemExit) as left, step("ingest"), Path("/dev/full").open("w") as stream:
        stream.write("x")
        stream.flush()
    assert left.value.code == StorageError.exit_status
    assert events()[-1]["type"] == "StorageError"


def test_the_last_words_of_a_step_fit_on_a_full_disk(tmp_path, monkeypatch):
    reserve = tmp_path / module.RESERVE_FILE
    reserve.write_bytes(b" " * 10)
    monkeypatch.setenv("TENURE_RUN_DIR", str(tmp_path))
    with pytest.raises(SystemExit), step("ingest"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not reserve.exists(), "the reserved space is given back before the error is written"


def test_without_a_run_a_step_does_the_same_work(monkeypatch, tmp_path, capsys):
    for name in ("TENURE_EVENTS", "TENURE_RUN_DIR"):
        monkeypatch.delenv(name, raising=False)
    report = tmp_path / "report.html"
    report.write_text("x")
    with step("validate"):
        progress("looking")
        publish(report)
    assert "[validate] looking" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [report]


def test_progress_outside_a_step_says_nothing(events, tmp_path, capsys):
    progress("nobody listens")
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "events.jsonl").exists()


def test_publish_copies_under_the_name_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    run = tmp_path / "run"
    monkeypatch.setenv("TENURE_RUN_DIR", str(run))
    report = tmp_path / "a.html"
    report.write_text("content")
    publish(report, "validation.html")
    assert [file.name for file in run.iterdir()] == ["validation.html"]
    assert (run / "validation.html").read_text() == "content"


def test_publish_of_a_file_that_cannot_be_copied_is_a_storage_error(tmp_path, monkeypatch):
    (tmp_path / "run").write_text("a file where the folder should be")
    monkeypatch.setenv("TENURE_RUN_DIR", str(tmp_path / "run"))
    (tmp_path / "a").write_text("x")
    with pytest.raises(StorageError, match="cannot write"):
        publish(tmp_path / "a")


def test_a_broken_events_file_does_not_fail_the_step(tmp_path, monkeypatch):
    monkeypatch.setenv("TENURE_EVENTS", str(tmp_path))  # a folder: cannot be appended to
    ran = []
    with step("ingest"):
        ran.append(True)
    assert ran


def run_python(body: str, **environment: str) -> subprocess.Popen:
    code = textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": ROOT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sigterm_ends_a_step_with_its_own_event(tmp_path):
    path = tmp_path / "events.jsonl"
    process = run_python(
        """
        import time
        from components.step import step
        with step("tune", worker=0):
            print("up", flush=True)
            time.sleep(60)
        """,
        TENURE_EVENTS=str(path),
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != "up":
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 130
    process.communicate()
    last = json.loads(path.read_text().splitlines()[-1])
    assert (last["event"], last["exit_status"], last["message"]) == ("error", 130, "interrupted")


def test_parallel_writers_do_not_mix_lines(tmp_path):
    path = tmp_path / "events.jsonl"
    body = """
        from components.step import step
        from tenure.progress import progress
        with step("tune", worker={}):
            for number in range(200):
                progress("x" * 500, done=number, total=200)
    """
    processes = [run_python(body.format(worker), TENURE_EVENTS=str(path)) for worker in range(3)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(events) == 3 * 202


@pytest.mark.parametrize(("parallel", "worker", "expected"), [("100000", 0, "1"), ("1", None, None)])
def test_a_worker_keeps_to_its_share_of_the_cores(monkeypatch, parallel, worker, expected):
    monkeypatch.setenv("TENURE_PARALLEL_TASKS", parallel)
    for name in module.THREAD_VARIABLES:
        monkeypatch.setenv(name, "before")
    with step("tune", worker=worker):
        assert {os.environ[name] for name in module.THREAD_VARIABLES} == {expected or "before"}
