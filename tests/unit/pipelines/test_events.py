"""pipelines/local/events.py and display.py: how a run goes, and how that looks."""

import io
import json

import pytest

from pipelines.local.display import PlainDisplay, row, summary_line
from pipelines.local.events import Failure, RunProgress, Tail


def event(kind, step="ingest", time=0.0, task=None, **fields):
    return {"time": time, "step": step, "task": task or step, "event": kind, **fields}


def progress_of(*events):
    progress = RunProgress()
    for each in events:
        progress.apply(each)
    return progress


def test_a_step_that_works():
    progress = progress_of(event("start"), event("done", time=2.5, summary={"rows": 3}))
    task = progress.steps["ingest"]["ingest"]
    assert (task.state, task.started_at, task.ended_at) == ("done", 0.0, 2.5)
    assert progress.summary("ingest") == {"rows": 3}
    assert progress.failure is None
    assert progress.unfinished() == []


def test_the_first_error_is_the_failure():
    error = {"type": "DataError", "exit_status": 2}
    progress = progress_of(
        event("start", "tune", task="tune#0"),
        event("start", "tune", task="tune#1"),
        event("error", "tune", task="tune#1", message="first", **error),
        event("error", "tune", task="tune#0", message="second", type="KeyboardInterrupt", exit_status=130),
    )
    assert progress.failure == Failure("tune", "first", "DataError", 2)


def test_a_step_that_never_said_how_it_ended():
    assert progress_of(event("start"), event("progress", message="reading")).unfinished() == ["ingest"]


def test_cached_workers_are_counted_each():
    progress = progress_of(event("cached", "tune"), event("cached", "tune"))
    assert [task.state for task in progress.steps["tune"].values()] == ["cached", "cached"]
    assert row("tune", progress, 0.0) == ("✓", "", "unchanged, taken from an earlier run")


def test_a_row_of_the_screen():
    assert row("train", RunProgress(), 0.0) == ("·", "", "")
    running = progress_of(event("start", time=1.0), event("progress", message="rows", done=5, total=10))
    assert row("ingest", running, 3.0) == ("▸", "  2.0 s", "5/10 rows")
    failed = progress_of(event("start"), event("error", time=1.0, message="why", type="DataError", exit_status=2))
    assert row("ingest", failed, 9.0) == ("✗", "  1.0 s", "why")


def test_the_trials_of_all_workers_are_added_up():
    progress = progress_of(
        event("start", "tune", task="tune#0"),
        event("start", "tune", task="tune#1"),
        event("progress", "tune", task="tune#0", message="xgboost", done=12, total=12),
        event("done", "tune", task="tune#0", time=4.0),
        event("progress", "tune", task="tune#1", message="random_forest", done=3, total=12),
    )
    assert row("tune", progress, 5.0) == ("▸", "  5.0 s", "15/24 random_forest")


def test_the_summary_line_of_a_summary_has_its_plain_values():
    summary = {"rows_read": 7043, "share": 0.123456, "family": "xgboost", "all": [1], "ok": True, "none": None}
    assert summary_line(summary) == "rows read 7,043, share 0.1235, family xgboost"


def test_half_a_line_waits_for_its_end(tmp_path):
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert list(tail.read()) == []
    line = json.dumps(event("start"))
    path.write_text(line[:10])
    assert list(tail.read()) == []
    path.write_text(line + "\n" + line[:5])
    assert list(tail.read()) == [event("start")]
    path.write_text(line + "\n" + line + "\n")
    assert list(tail.read()) == [event("start")]
    assert list(tail.read()) == []


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (event("start"), "ingest: started"),
        (event("cached"), "ingest: unchanged, taken from an earlier run"),
        (event("done", elapsed_s=1.234, summary={"rows": 5}), "ingest: done in 1.2 s: rows 5"),
        (event("done", elapsed_s=1.234, summary={}), "ingest: done in 1.2 s"),
        (event("progress", time=100.0, message="reading", done=1, total=2), "ingest: reading 1/2"),
    ],
)
def test_plain_lines(told, line):
    stream = io.StringIO()
    PlainDisplay(stream).event(told)
    assert stream.getvalue() == line + "\n"


def test_plain_lines_do_not_tell_every_trial():
    stream = io.StringIO()
    display = PlainDisplay(stream)
    for second in range(12):
        display.event(event("progress", "tune", time=100.0 + second, message="trial", done=second, total=12))
    assert stream.getvalue().splitlines() == ["tune: trial 0/12", "tune: trial 5/12", "tune: trial 10/12"]
