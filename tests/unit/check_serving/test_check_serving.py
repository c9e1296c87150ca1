"""check_serving on a real server, and on servers that start badly, die, lie or are over a limit."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.check_serving import connection, logic, process, replay, rows
from components.check_serving.grpc_client import text_of
from components.check_serving.logic import run
from components.check_serving.process import model_server
from components.check_serving.replay import Compared
from tenure import bundle
from tenure.bundle import Bundle
from tenure.contract import Column, dump, load
from tenure.contract.columns import NumberFormat
from tenure.errors import BundleError, DataError, ServingError, StorageError
from tenure.parsing import parse_batch, table_columns
from tenure.tasks.churn.prediction import ChurnPrediction


@pytest.fixture(scope="module")
def features(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test part of 300 rows, typed as ``feature`` leaves them."""
    contract = load("datasets/telco")
    described = table_columns(contract)
    batch = small_bundle.rows.combine_chunks().to_batches()[0].select(list(described))
    typed, _ = parse_batch(batch, described)
    folder = tmp_path_factory.mktemp("features")
    pq.write_table(pa.Table.from_batches([typed]).slice(0, 300), folder / "test.parquet")
    return folder


def contract_text(**serving: float) -> str:
    contract = load("datasets/telco")
    return dump(contract.model_copy(update={"serving": contract.serving.model_copy(update=serving)}))


@pytest.mark.slow
def test_a_good_bundle_passes(small_bundle: Any, features: Path, tmp_path: Path) -> None:
    summary = run(
        contract_text(max_p99_ms=5_000.0), small_bundle.folder, features, features, tmp_path / "out" / "serving.json"
    )
    document = json.loads((tmp_path / "out" / "serving.json").read_text())
    assert document["failures"] == []
    assert (document["rows"], document["rows_grpc"], document["rows_single"]) == (600, 100, 300)
    assert document["max_difference"] <= 1e-6
    assert document["bundle_version"] == bundle.read(small_bundle.folder).version
    assert 0 < document["p50_ms"] <= document["p99_ms"]
    assert 30 < document["memory_mb"] < 1024
    assert set(summary) == {"rows", "max_difference", "p99_ms", "memory_mb", "start_s"}


@pytest.mark.slow
def test_a_regression_is_held_to_its_offline_values(
    small_value_bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = bundle.read(small_value_bundle.folder)
    limits = loaded.contract.serving.model_copy(update={"max_p99_ms": 5_000.0})
    contract = dump(loaded.contract.model_copy(update={"serving": limits}))
    described = table_columns(loaded.contract)
    batch = small_value_bundle.rows.combine_chunks().to_batches()[0].select(list(described))
    pq.write_table(pa.Table.from_batches([parse_batch(batch, described)[0]]).slice(0, 250), tmp_path / "test.parquet")
    run(contract, small_value_bundle.folder, tmp_path, tmp_path, tmp_path / "serving.json")
    document = json.loads((tmp_path / "serving.json").read_text())
    assert (document["failures"], document["rows"], document["rows_grpc"]) == ([], 500, 100)
    assert document["max_difference"] <= 1e-9

    predict = Bundle.predict

    def narrowed(self: Bundle, *arguments: Any, **options: Any) -> Any:
        prediction = predict(self, *arguments, **options)
        np.subtract(prediction.high, 0.01, out=prediction.high)
        return prediction

    monkeypatch.setattr(Bundle, "predict", narrowed)
    with pytest.raises(ServingError, match="values differ from offline ones by up to"):
        run(contract, small_value_bundle.folder, tmp_path, tmp_path, tmp_path / "serving.json")


@pytest.mark.slow
def test_answers_other_than_offline_and_limits_passed(
    small_bundle: Any, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline predictions are shifted: what a server that reads columns differently would look like from here."""
    predict = Bundle.predict

    def shifted(self: Bundle, *arguments: Any, **options: Any) -> Any:
        prediction = predict(self, *arguments, **options)
        np.add(prediction.probability, 2e-6, out=prediction.probability)
        prediction.decision[:3] ^= True
        prediction.band[0] = "other"
        prediction.reasons[1].reverse()
        return prediction

    monkeypatch.setattr(Bundle, "predict", shifted)
    monkeypatch.setattr(replay, "SINGLE_ROWS", 20)
    text = contract_text(max_p99_ms=0.001, max_memory_mb=1.0)
    with pytest.raises(ServingError) as caught:
        run(text, small_bundle.folder, features, features, tmp_path / "serving.json")
    failures = json.loads((tmp_path / "serving.json").read_text())["failures"]
    assert str(caught.value) == "; ".join(failures)
    expected = ("probabilities differ", "decisions differ", "bands differ", "the reasons of 1 rows", "(p99)", "MB")
    assert len(failures) == len(expected)
    assert all(words in failure for words, failure in zip(expected, failures, strict=True)), failures
    assert "differ from offline ones by up to 2e-06, 1e-06 is allowed" in failures[0]


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Run a program in the place of the model server."""
    program = tmp_path / "program.py"
    program.write_text(code)
    shell = tmp_path / "python"
    shell.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}"\n')
    shell.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(shell))


def test_a_server_that_ends_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(
        monkeypatch, tmp_path, "import sys\nprint('first', file=sys.stderr)\nsys.exit('{\"message\": \"no luck\"}')"
    )
    with (
        pytest.raises(ServingError, match="did not start; it ended with status 1; its last log line: no luck"),
        model_server(tmp_path, "telco", 30.0),
    ):
        pass


def test_a_server_that_is_never_ready_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
        "print('thinking', file=sys.stderr, flush=True)\n"
        "sys.stdout.write('half a line'); sys.stdout.flush()\n"
        "time.sleep(300)"
    )
    stand_in(monkeypatch, tmp_path, code)
    monkeypatch.setattr(process, "_STOP_TIMEOUT_S", 0.5)
    started = time.monotonic()
    with (
        pytest.raises(ServingError, match=r"is not ready after 1.5 s; its last log line: thinking"),
        model_server(tmp_path, "telco", 1.5),
    ):
        pass
    assert time.monotonic() - started < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_a_server_that_dies_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = '{"http_port": 9, "grpc_port": 9}'
    stand_in(monkeypatch, tmp_path, f"import sys\nprint('{ready}', flush=True)\nprint('gone', file=sys.stderr)")

    def wait_for_the_end(pid: int) -> None:
        deadline = time.monotonic() + 20
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    with (
        pytest.raises(ServingError, match=r"does not respond.*; it ended with status 0; its last log line: gone"),
        model_server(tmp_path, "telco", 30.0) as server,
    ):
        wait_for_the_end(server.pid)
        columns: rows.Columns = {"tenure": [1]}
        connection.Connection(server.http_port, "telco", 5.0).ask(columns)


def test_any_error_ends_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = 'import time\nprint(\'{"http_port": 9, "grpc_port": 9}\', flush=True)\ntime.sleep(300)'
    stand_in(monkeypatch, tmp_path, code)
    pids = []
    with pytest.raises(KeyError), model_server(tmp_path, "telco", 30.0) as server:
        pids.append(server.pid)
        raise KeyError("x")
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_probability_that_is_no_number_is_far_away() -> None:
    found = Compared()
    offline = ChurnPrediction(
        version="v",
        probability=np.array([0.5]),
        decision=np.array([True]),
        band=["high"],
        recommendation=[""],
        margin=np.array([0.0]),
        imputed={},
        unknown={},
        out_of_range={},
    )
    found.add([float("nan")], [True], offline, 0)
    assert not found.max_difference <= logic.TOLERANCE


def test_rows_are_repeated_up_to_the_least(features: Path) -> None:
    contract = load("datasets/telco")
    columns = rows.read_rows(features / "test.parquet", contract, 500, 2_000)
    assert set(columns) == set(contract.inputs)
    assert {len(values) for values in columns.values()} == {600}
    assert columns["tenure"][:300] == columns["tenure"][300:]
    assert len(rows.read_rows(features / "test.parquet", contract, 10, 50)["tenure"]) == 50


@pytest.mark.parametrize(("form", "text"), [("%d.%m.%Y", "31.01.2026"), (None, "2026-01-31")])
def test_dates_are_sent_as_the_contract_writes_them(form: str | None, text: str) -> None:
    column = Column(type="date", format=form)
    assert column.as_written(date(2026, 1, 31)) == text
    assert column.as_written(None) is None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda table: table.drop_columns(["Contract"]), DataError, "has no column 'Contract'"),
        (lambda table: table.slice(0, 0), DataError, "has no rows to replay"),
    ],
)
def test_tables_that_cannot_be_replayed(
    features: Path, tmp_path: Path, change: Callable, error: type, message: str
) -> None:
    pq.write_table(change(pq.read_table(features / "test.parquet")), tmp_path / "test.parquet")
    with pytest.raises(error, match=message):
        rows.read_rows(tmp_path / "test.parquet", load("datasets/telco"), 500, 2_000)


def test_files_that_cannot_be_read(small_bundle: Any, features: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there is no such folder"):
        run(contract_text(), tmp_path / "nothing", features, features, tmp_path / "serving.json")
    with pytest.raises(StorageError, match="cannot read"):
        run(contract_text(), small_bundle.folder, tmp_path, tmp_path, tmp_path / "serving.json")
    assert not (tmp_path / "serving.json").exists()


@pytest.mark.parametrize(
    ("value", "text"), [(577.43, "577,43"), (-3, "-3"), (None, ""), ("1.234,5 €", "1.234,5 €"), (True, "true")]
)
def test_values_are_sent_over_grpc_as_the_contract_writes_them(value: object, text: str) -> None:
    form = NumberFormat(decimal=",", thousands=".", symbols=("€",))
    column = Column(type="boolean") if value is True else Column(type="number", format=form)
    assert text_of(value, column) == text
