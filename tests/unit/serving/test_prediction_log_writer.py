"""The prediction log: sampling, rows, and failures of the sink."""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from documents import assert_valid

from serving.observation import metrics
from serving.observation.metrics import instruments
from serving.observation.prediction_log import Options, PredictionLog, Sink, Writer, add_options, read_options, sampled
from serving.observation.prediction_log.rows import Entry
from tenure import bundle, prediction_log
from tenure.errors import DataError, SourceError, StorageError
from tenure.privacy import Pseudonyms

SECRET = "s" * 32


@pytest.fixture(autouse=True)
def new_counts() -> None:
    metrics.share(1)
    metrics.take(0)


def rows_counted(outcome: str) -> float:
    family = next(family for family in instruments.collect() if family.name == "tenure_prediction_log_rows")
    return sum(sample.value for sample in family.samples if sample.labels["outcome"] == outcome)


@pytest.fixture(scope="module")
def model(small_bundle: Any) -> Any:
    return SimpleNamespace(name="telco", bundle=bundle.read(small_bundle.folder))


@pytest.fixture(scope="module")
def entry(model: Any, small_bundle: Any) -> Callable[..., Entry]:
    raw = {name: small_bundle.rows[name].to_pylist() for name in small_bundle.rows.column_names}

    def make(request_id: str, first: int = 0, rows: int = 1, **changes: Any) -> Entry:
        columns = {name: raw[name][first : first + rows] for name in model.bundle.contract.inputs} | changes
        keys = raw["customerID"][first : first + rows]
        return Entry(model, request_id, 1.7e9 + first, columns, keys, model.bundle.predict(columns), False)

    return make


class Recorder:
    """A sink in memory that raises the errors in ``failing``."""

    def __init__(self) -> None:
        self.files: list[list[pa.RecordBatch]] = []
        self.failing: Exception | None = None
        self.tries = 0

    def write(self, batches: list[pa.RecordBatch]) -> str:
        self.tries += 1
        if self.failing is not None:
            raise self.failing
        self.files.append(list(batches))
        return str(len(self.files))

    @property
    def rows(self) -> list[int]:
        return [sum(batch.num_rows for batch in batches) for batches in self.files]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def writers() -> Iterator[Callable[..., Writer]]:
    made: list[Writer] = []

    def make(sink: Any, secret: str | None = None, **options: Any) -> Writer:
        writer = Writer(sink, None if secret is None else Pseudonyms(secret), **options)
        writer.start()
        made.append(writer)
        return writer

    yield make
    for writer in made:
        writer.close(5)


def test_what_is_logged_is_read_again(tmp_path: Path, model: Any, entry: Any, writers: Any) -> None:
    writer = writers(Sink(str(tmp_path / "log")), SECRET)
    odd = {"MonthlyCharges": ["70.5"], "TotalCharges": [" "], "Contract": ["Weekly"], "Partner": [True]}
    entries = [entry("many", rows=600), entry("odd", 5, **odd)]
    for one in entries:
        writer.offer(one)
    writer.close(20)
    found = prediction_log.newest(str(tmp_path / "log"), 1_000)
    assert [(row.request_id, row.row) for row in found] == [("odd", 0), *(("many", n) for n in reversed(range(600)))]
    last = found[0]
    assert last.score == float(entries[1].prediction.probability[0])
    assert (last.model, last.version, last.fallback) == ("telco", model.bundle.version, False)
    assert last.decision is bool(entries[1].prediction.decision[0])
    assert last.time.timestamp() == 1.7e9 + 5
    assert set(last.inputs) == set(model.bundle.contract.inputs)
    assert {name: last.inputs[name] for name in odd} == {
        "MonthlyCharges": 70.5,
        "TotalCharges": None,
        "Contract": "Weekly",
        "Partner": True,
    }
    assert type(last.inputs["tenure"]) is int
    assert_valid("prediction-log-row", asdict(last) | {"time": last.time.isoformat()})
    assert rows_counted("written") == 601
    # A logged row may be asked again, as replays do, and gets the same answer.
    again = model.bundle.predict({name: [row.inputs[name] for row in found[1:50]] for name in last.inputs})
    assert [row.score for row in found[1:50]] == again.probability.tolist()


def test_customers_stand_there_under_the_secret_or_not_at_all(tmp_path: Path, entry: Any, writers: Any) -> None:
    for folder, secret in (("with", SECRET), ("without", None)):
        writer = writers(Sink(str(tmp_path / folder)), secret)
        writer.offer(entry("x"))
        writer.close(20)
    clear = entry("x").customers[0]
    (row,) = prediction_log.newest(str(tmp_path / "with"), 10)
    assert row.customer == Pseudonyms(SECRET).of(clear)
    (row,) = prediction_log.newest(str(tmp_path / "without"), 10)
    assert row.customer is None
    for file in tmp_path.rglob("*.parquet"):
        table = pa.parquet.read_table(file)
        assert clear not in str(table.to_pylist())
        assert "gender" not in table.schema.field("inputs").type.names


def test_a_share_is_the_same_requests_everywhere() -> None:
    ids = [f"request-{number}" for number in range(20_000)]
    tenth = {one for one in ids if sampled(one, 0.1)}
    half = {one for one in ids if sampled(one, 0.5)}
    assert abs(len(tenth) - 2_000) < 200
    assert abs(len(half) - 10_000) < 400
    assert tenth < half
    assert tenth == {one for one in ids if sampled(one, 0.1)}
    assert not any(sampled(one, 0.0) for one in ids)
    assert all(sampled(one, 1.0) for one in ids)
    assert [sampled(one, 0.1) for one in ("request-0", "request-1", "request-2", "request-3")] == [
        one in tenth for one in ids[:4]
    ]


def test_rates_by_model_and_only_answers(model: Any, entry: Any) -> None:
    offered: list[Entry] = []
    log = PredictionLog(SimpleNamespace(offer=offered.append), {"telco": 0.25, "none": 0.0})  # type: ignore[arg-type]

    def answered(number: int, name: str, fallback: str = "", prediction: Any = True) -> Any:
        made = entry("x")
        return SimpleNamespace(
            model=SimpleNamespace(name=name, bundle=model.bundle),
            query=SimpleNamespace(columns=made.columns, customers=None),
            prediction=made.prediction if prediction else None,
            call=SimpleNamespace(request_id=f"r{number}"),
            fallback=fallback,
        )

    for number in range(40):
        for name in ("telco", "none", "other"):
            log.note(answered(number, name))
    log.note(answered(0, "other", prediction=None))
    by_name = [one.model.name for one in offered]
    assert (by_name.count("none"), by_name.count("other")) == (0, 40)
    assert by_name.count("telco") == sum(sampled(f"r{number}", 0.25) for number in range(40))
    offered.clear()
    for fallback in ("", "base_rate", "companion", "reasons"):
        log.note(answered(0, "other", fallback))
    assert [one.fallback for one in offered] == [False, True, True, False]


def test_a_file_ends_by_rows_and_by_age(entry: Any, writers: Any) -> None:
    sink = Recorder()
    writer = writers(sink, file_rows=50, file_s=0.5)
    for number in range(12):
        writer.offer(entry(f"r{number}", rows=10))
    until(lambda: sum(sink.rows) == 120)
    # Two by rows at once; the rest when it was old enough.
    assert sink.rows == [50, 50, 20]


def test_a_failing_sink_loses_nothing_while_there_is_room(entry: Any, writers: Any) -> None:
    sink = Recorder()
    sink.failing = StorageError("cannot write to x: No space left on device")
    clock = [0.0]
    writer = writers(sink, file_s=0.0, clock=lambda: clock[0])
    writer.offer(entry("first"))
    until(lambda: sink.tries == 1)
    time.sleep(0.3)
    assert sink.tries == 1  # left alone for a second of the clock
    clock[0] = 1.5
    until(lambda: sink.tries == 2)
    clock[0] = 3.0
    time.sleep(0.3)
    assert sink.tries == 2  # and for two after the second failure
    writer.offer(entry("second"))
    sink.failing = None
    clock[0] = 4.0
    until(lambda: sum(sink.rows) == 2)
    assert rows_counted("written") == 2
    assert rows_counted("dropped") == rows_counted("lost") == 0


def test_rows_beyond_the_limit_are_dropped_and_counted(entry: Any, writers: Any) -> None:
    sink = Recorder()
    sink.failing = SourceError("the bucket is gone")
    writer = writers(sink, max_rows=25, file_s=0.0)
    for number in range(5):
        writer.offer(entry(f"r{number}", rows=10))
    assert rows_counted("dropped") == 30
    writer.close(5)
    assert rows_counted("lost") == 20
    assert sink.tries >= 1


def test_a_sink_that_hangs_delays_no_request(entry: Any) -> None:
    let_go = threading.Event()
    sink = SimpleNamespace(write=lambda _: let_go.wait(30))
    writer = Writer(sink, None, file_s=0.0)  # type: ignore[arg-type]
    writer.start()
    writer.offer(entry("x"))
    time.sleep(0.3)
    started = time.monotonic()
    writer.offer(entry("y"))
    assert time.monotonic() - started < 0.1
    writer.close(0.2)
    assert time.monotonic() - started < 2
    assert rows_counted("lost") == 2
    let_go.set()


def test_a_folder_that_cannot_be_written(tmp_path: Path, entry: Any, model: Any) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot write to .*file/log: "):
        Sink(str(tmp_path / "file" / "log")).write(batches(entry, model))
    with pytest.raises(DataError, match="is not a valid location"):
        Sink("nothing://x").write(batches(entry, model))


def batches(entry: Any, model: Any) -> list[pa.RecordBatch]:
    from serving.observation.prediction_log.rows import RowMaker

    maker = RowMaker("telco", model.bundle.contract, None)
    maker.add(entry("x", rows=300), 0, 300)
    return [maker.batch()]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    """RLIMIT_FSIZE simulates a full disk."""
    script = (
        "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import pyarrow as pa\n"
        "from serving.observation.prediction_log.sink import Sink\n"
        "from tenure.errors import StorageError\n"
        "batch = pa.record_batch({'a': [os.urandom(100) for _ in range(1000)]})\n"
        "Sink(sys.argv[1]).write([batch])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try: Sink(sys.argv[1]).write([batch])\n"
        "except StorageError as error: print(error)\n"
    )
    folder = tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "cannot write to" in done.stdout
    (whole,) = folder.iterdir()
    assert pa.parquet.read_table(whole).num_rows == 1_000


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    models = {"telco": Path("x"), "other": Path("y")}

    def parsed(*argv: str) -> Options | None:
        parser = argparse.ArgumentParser()
        add_options(parser)
        return read_options(parser, parser.parse_args(argv), models)

    assert parsed() is None
    assert parsed("--prediction-log", "log") == Options("log", {})
    given = parsed("--prediction-log", "s3://b/x?region=r", "--prediction-log-rate", "telco=0.1")
    assert given == Options("s3://b/x?region=r", {"telco": 0.1})
    assert parsed("--prediction-log", "log", "--prediction-log-flush-s", "5") == Options("log", {}, 5.0)
    for argv, message in (
        (["--prediction-log-rate", "telco=0.1"], "needs --prediction-log"),
        (["--prediction-log", "x", "--prediction-log-rate", "churn=0.1"], "there is no model 'churn'"),
        (["--prediction-log", "x", "--prediction-log-rate", "telco=1.1"], "a share from 0 to 1"),
        (["--prediction-log", "x", "--prediction-log-rate", "telco=nan"], "a share from 0 to 1"),
        (["--prediction-log", "x", "--prediction-log-rate", "telco"], "a share from 0 to 1"),
        (["--prediction-log-flush-s", "5"], "needs --prediction-log"),
        (["--prediction-log", "x", "--prediction-log-flush-s", "0"], "is not a number of seconds from 0.1"),
        (["--prediction-log", "x", "--prediction-log-flush-s", "nan"], "is not a number of seconds from 0.1"),
        (["--prediction-log", "ftp://x/y"], "nor a URI of file, s3"),
        (["--prediction-log", "s3://"], "nor a URI of file, s3"),
    ):
        with pytest.raises(SystemExit) as caught:
            parsed(*argv)
        assert caught.value.code == 2
        assert message in capsys.readouterr().err
