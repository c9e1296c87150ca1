"""The prediction log as it is read, and the replay's judgement."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rollout.evidence import replay_requests
from rollout.evidence.replay import Answer, Replay, compare, kolmogorov
from rollout.limits import Limits
from serving.v2.answer import always
from tenure import prediction_log, tasks
from tenure.errors import DataError, SourceError
from tenure.prediction_log import Logged

LIMITS = Limits()
INPUTS = pa.schema(
    [("Contract", pa.string()), ("tenure", pa.int64()), ("TotalCharges", pa.float64()), ("senior", pa.bool_())]
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def logged(count: int, scores: list[float] | None = None, output: str | None = "probability") -> list[Logged]:
    inputs = {"Contract": "Two year", "tenure": 12, "TotalCharges": None, "senior": True}
    scores = scores or [number / count for number in range(count)]
    return [
        Logged(f"id-{n}", 0, START + timedelta(seconds=n), "churn", "abc", scores[n], False, inputs, None, None, output)
        for n in range(count)
    ]


def said(score: float, latency_s: float = 0.01, fallback: bool = False, output: str = "probability") -> Answer:
    return Answer(score, latency_s, fallback, output=output)


def write(folder: Path, name: str, rows: list[Logged]) -> Path:
    table = pa.Table.from_pylist(
        [{**vars(row), "inputs": dict(row.inputs)} for row in rows], prediction_log.schema(INPUTS)
    )
    pq.write_table(table, folder / name)
    return folder / name


def test_the_newest_rows_come_first(tmp_path: Path) -> None:
    rows = logged(10)
    write(tmp_path, "20260101T000000Z-a.parquet", rows[:6])
    (tmp_path / "day").mkdir()
    write(tmp_path / "day", "20260101T000006Z-b.parquet", rows[6:])
    (tmp_path / "notes.txt").write_text("not a log")
    # Later folders and files sort later.
    assert prediction_log.newest(str(tmp_path), 6) == [rows[n] for n in (9, 8, 7, 6, 5, 4)]
    assert prediction_log.newest(str(tmp_path), 100) == rows[::-1]
    assert prediction_log.newest(tmp_path.as_uri(), 1) == [rows[9]]
    assert prediction_log.newest(str(tmp_path), 100, model="other") == []


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no prediction log at"):
        prediction_log.newest(str(tmp_path / "absent"), 10)
    with pytest.raises(DataError, match="no Parquet file under"):
        prediction_log.newest(str(tmp_path), 10)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="is not a Parquet file"):
        prediction_log.newest(str(tmp_path), 10)
    pq.write_table(pa.table({"request_id": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="has no column 'row'"):
        prediction_log.newest(str(tmp_path), 10)
    with pytest.raises(DataError, match="is not a valid location"):
        prediction_log.newest("nosuch://bucket/log", 10)


def test_a_canary_that_answers_alike_passes() -> None:
    rows = logged(200)
    replay = compare(rows, [said(min(1.0, row.score + 0.02)) for row in rows], LIMITS)
    assert replay.ok
    assert "200 rows" in replay.summary and "p99 10 ms" in replay.summary


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            [Answer(None, 0.01, error="HTTP 500: boom")] * 2 + [said(0.5)] * 198,
            "2 of 2 replayed requests failed (HTTP 500: boom)",
        ),
        ([said(n / 200, fallback=n < 3) for n in range(200)], "3 of 3 replayed requests got the fallback"),
        ([said(0.27)] * 200, "at most 0.15 is tolerated"),
        ([said(1 - (n / 200) ** 3) for n in range(200)], "at most 0.15 is tolerated"),
    ],
)
def test_a_canary_that_does_not_is_rejected(answers: list[Answer], words: str) -> None:
    replay = compare(logged(200), answers, LIMITS)
    assert not replay.ok and words in replay.summary


def test_one_failure_in_a_thousand_is_within_the_limit() -> None:
    rows = logged(1000)
    answers = [said(row.score) for row in rows]
    answers[3] = Answer(None, 10.0, error="timeout")
    assert compare(rows, answers, LIMITS).ok


def test_a_canary_that_hangs_is_not_asked_about_every_row() -> None:
    asked = []

    def hanging() -> Iterator[Answer]:
        for n in range(1000):
            asked.append(n)
            yield Answer(None, 10.0, error="TimeoutError: timed out")

    replay = compare(logged(1000), hanging(), LIMITS)
    assert replay == Replay(False, "6 of 6 replayed requests failed (TimeoutError: timed out)")
    assert len(asked) == 6


def test_no_answer_at_all_passes_under_no_limit() -> None:
    silent = [Answer(None, 10.0, error="TimeoutError: timed out")] * 200
    assert not compare(logged(200), silent, Limits(error_share=1.0)).ok


@pytest.mark.parametrize(("factor", "ok"), [(1.02, True), (1.5, False), (100.0, False)])
def test_values_are_compared_whatever_they_are_measured_in(factor: float, ok: bool) -> None:
    dollars = np.random.default_rng(0).normal(1200.0, 200.0, 300).tolist()
    rows = logged(300, dollars, output="value")
    replay = compare(rows, [said(factor * score, output="value") for score in dollars], LIMITS)
    assert replay.ok is ok, replay.summary


def test_a_canary_of_another_task_is_told_from_a_bad_one() -> None:
    replay = compare(logged(200), [said(0.5, output="value")] * 200, LIMITS)
    assert not replay.ok
    assert replay.summary.startswith("the canary answers 'value' and stable 'probability': ")
    # A server of before did not say what it logged.
    assert compare(logged(200, output=None), [said(n / 200, output="value") for n in range(200)], LIMITS).ok


def test_the_scores_are_the_servers() -> None:
    for task in tasks.each():
        answer = always(task.outputs)
        assert task.outputs.score in answer
        assert tasks.outputs_among(answer) == task.outputs


def test_what_the_model_answered_itself_is_replayed(tmp_path: Path) -> None:
    rows = [*logged(120), *(replace(row, model="other") for row in logged(50))]
    rows[3], rows[4] = replace(rows[3], fallback=True), replace(rows[4], score=None)
    write(tmp_path, "20260101T000000Z-a.parquet", rows)
    assert replay_requests.logged_rows(str(tmp_path), 1000, "churn") == [
        rows[n] for n in range(119, -1, -1) if n not in (3, 4)
    ]
    with pytest.raises(DataError, match=r"of the last 50 rows of other, 50 have .* needs at least 100"):
        replay_requests.logged_rows(str(tmp_path), 1000, "other")


def test_a_log_of_an_older_server_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", logged(120))
    pq.write_table(pq.read_table(tmp_path / "a.parquet").drop_columns(["output"]), tmp_path / "a.parquet")
    assert {row.output for row in replay_requests.logged_rows(str(tmp_path), 1000, "churn")} == {None}


def test_kolmogorovs_distance() -> None:
    assert kolmogorov([1, 2, 3], [1, 2, 3]) == (0, 3)
    assert kolmogorov([0.1, 0.2], [0.8, 0.9])[0] == 1.0
    assert kolmogorov([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.35, 0.4])[0] == pytest.approx(0.25)


class Canary:
    """A V2 server that keeps what it is asked and answers ``answer``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.shown: list[str | None] = []
        self.code = 200
        self.answer: Any = {"outputs": [{"name": "probability", "data": [0.4]}]}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((self.path, json.loads(body)))
                outer.shown.append(self.headers["Authorization"])
                content = outer.answer if isinstance(outer.answer, bytes) else json.dumps(outer.answer).encode()
                self.send_response(outer.code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_fallback_is_seen_by_the_answers_parameter(canary: Canary) -> None:
    canary.answer = {**canary.answer, "parameters": {"fallback": "model"}}
    answer = replay_requests.send(canary.url, "churn", logged(100)[5], 5.0)
    assert (answer.score, answer.error, answer.fallback) == (0.4, "", True)


def test_the_controllers_key_is_shown_where_it_has_one(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(replay_requests.KEY_VARIABLE, raising=False)
    replay_requests.send(canary.url, "churn", logged(100)[5], 5.0)
    monkeypatch.setenv(replay_requests.KEY_VARIABLE, "rollout.secret\n")
    replay_requests.send(canary.url, "churn", logged(100)[5], 5.0)
    assert canary.shown == [None, "Bearer rollout.secret"]


def test_a_row_is_sent_as_named_columns(canary: Canary) -> None:
    row = logged(100)[5]
    answer = replay_requests.send(canary.url, "churn", row, 5.0)
    assert (answer.score, answer.error, answer.fallback) == (0.4, "", False)
    path, body = canary.asked[0]
    assert path == "/v2/models/churn/infer"
    assert body["id"] == "replay-id-5"
    assert {item["name"]: (item["datatype"], item["data"]) for item in body["inputs"]} == {
        "Contract": ("BYTES", ["Two year"]),
        "tenure": ("INT64", [12]),
        "TotalCharges": ("BYTES", [None]),
        "senior": ("BOOL", [True]),
    }


@pytest.mark.parametrize(
    ("code", "answer", "words"),
    [
        (500, b"boom\nbang", "HTTP 500: boom bang"),
        (200, b"<html>", "JSONDecodeError"),
        (200, {"outputs": []}, "no output probability or value, but none"),
        (200, {"outputs": [{"name": "score", "data": [0.4]}]}, "no output probability or value, but score"),
        (200, {"outputs": [{"name": "probability", "data": []}]}, "IndexError"),
        (200, {"outputs": [{"name": "probability", "data": [math.nan]}]}, "probability nan"),
        (200, {"outputs": [{"name": "value", "data": [-math.inf]}]}, "value -inf"),
        (200, {"outputs": [{"name": "probability", "data": [1.5]}]}, "probability 1.5"),
    ],
)
def test_answers_that_are_none(canary: Canary, code: int, answer: Any, words: str) -> None:
    canary.code, canary.answer = code, answer
    answer_of = replay_requests.send(canary.url, "churn", logged(100)[0], 5.0)
    assert answer_of.score is None and words in answer_of.error


def test_a_value_is_a_score_too(canary: Canary) -> None:
    names = ("value", "value_low", "value_high")
    canary.answer = {"outputs": [{"name": name, "data": [1234.5]} for name in names]}
    answer = replay_requests.send(canary.url, "churn", logged(100)[0], 5.0)
    assert (answer.score, answer.output, answer.error) == (1234.5, "value", "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid", "localhost:8080", "churn"])
def test_a_way_to_the_canary_that_leads_nowhere_is_no_answer_of_its(url: str) -> None:
    with pytest.raises(SourceError, match=r"the canary cannot be reached at .*--canary-url"):
        replay_requests.reach(url, 2.0)


def test_any_answer_is_one(canary: Canary) -> None:
    replay_requests.reach(canary.url, 2.0)  # it knows no GET: 501


def test_a_canary_that_is_not_there() -> None:
    assert "refused" in replay_requests.send("http://127.0.0.1:9", "churn", logged(100)[0], 2.0).error
