"""A model whose features depend on the day: scored, served over every protocol, logged and monitored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pytest
from server_process import Server, started
from signups import AS_OF, gym, table, write_dataset
from typer.testing import CliRunner

import tenure
from components.check_serving import logic as check_serving
from components.check_serving.grpc_client import GrpcClient
from pipelines.cli import app
from tenure import Model
from tenure.contract import dump
from tenure.monitoring import compare
from tenure.prediction_log import newest
from tenure.protocol import infer_request, post_json, predictions

__all__ = ["gym"]

pytestmark = pytest.mark.slow

LATER = AS_OF + timedelta(days=400)
ROWS = 250


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    sent = table().slice(0, ROWS)
    return {"joined": sent["joined"].to_pylist(), "visits": [int(value) for value in sent["visits"].to_pylist()]}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def server(gym: Model, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--prediction-log", str(log), "--prediction-log-flush-s", "1", "--cache-entries", "100")
    with started(gym.folder, tmp_path_factory.mktemp("server") / "log", *options) as running:
        yield running


def offline(gym: Model, rows: dict[str, list[Any]], day: date) -> list[float]:
    found: list[float] = gym.predict(rows, day=day).table["probability"].to_pylist()
    return found


def utc(gym: Model, rows: dict[str, list[Any]], before: date) -> list[list[float]]:
    """What the server may answer to a request that it got on ``before`` or, around midnight, on the day after."""
    return [offline(gym, rows, before), offline(gym, rows, before + timedelta(days=1))]


def test_every_protocol_answers_for_the_day_in_the_request(
    server: Server, gym: Model, rows: dict[str, list[Any]]
) -> None:
    days = [AS_OF.isoformat(), LATER.isoformat()] * (ROWS // 2)
    both = offline(gym, rows, AS_OF), offline(gym, rows, LATER)
    expected = [both[place % 2][place] for place in range(ROWS)]
    sent = rows | {"_today": days}
    v2 = [row["probability"] for row in predictions(server.infer(infer_request(sent)))]
    instances = [dict(zip(sent, row, strict=True)) for row in zip(*sent.values(), strict=True)]
    v1 = post_json(f"{server.url}/v1/models/telco:predict", {"instances": instances}, timeout_s=20)["predictions"]
    with GrpcClient(server.grpc_port, "telco", 20.0) as client:
        over_grpc, _ = client.predict(sent, gym.contract)
    singles = [
        server.infer(infer_request({name: values[place : place + 1] for name, values in sent.items()}))
        for place in range(20)
    ]
    assert v2 == pytest.approx(expected, abs=1e-6)
    assert [row["probability"] for row in v1] == pytest.approx(expected, abs=1e-6)
    assert over_grpc == pytest.approx(expected, abs=1e-6)
    assert [predictions(answer)[0]["probability"] for answer in singles] == pytest.approx(expected[:20], abs=1e-6)


def test_without_a_day_the_server_has_the_current_one(server: Server, gym: Model, rows: dict[str, list[Any]]) -> None:
    from tenure.transform import utc_day

    few = {name: values[:3] for name, values in rows.items()}
    day = utc_day()
    answer = [row["probability"] for row in predictions(server.infer(infer_request(few)))]
    assert any(answer == pytest.approx(expected, abs=1e-6) for expected in utc(gym, few, day))


def test_a_client_names_the_day(server: Server, gym: Model, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    pyarrow.csv.write_csv(table().slice(0, 20), path)
    command = ["predict", str(path), "--url", server.url, "--json", "--day", LATER.isoformat()]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.output
    few = {name: values[:20] for name, values in rows.items()}
    answered = [row["probability"] for row in json.loads(run.stdout)]
    assert answered == pytest.approx(offline(gym, few, LATER), abs=1e-6)


def test_the_log_is_monitored_and_replayed(server: Server, gym: Model, rows: dict[str, list[Any]], log: Path) -> None:
    """Run after the others: it stops the server, which then writes the rest of its log."""
    server.process.terminate()
    server.process.wait(timeout=40)
    logged = newest(str(log), 10_000)
    assert {row.inputs["_today"] for row in logged} >= {AS_OF.isoformat(), LATER.isoformat()}
    for row in logged[:20]:
        again = gym.predict({name: [value] for name, value in row.inputs.items()}).table["probability"].to_pylist()
        assert row.score == pytest.approx(again[0], abs=1e-9)
    found = compare(gym.bundle, log=str(log))
    assert found.rejected == 0
    assert set(found.columns) == {"visits"}
    assert found.rows == len(logged)


def test_a_table_is_scored_for_a_day(gym: Model, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    sent = table().slice(0, ROWS).drop_columns(["left"])
    path = tmp_path / "customers.csv"
    pyarrow.csv.write_csv(sent, path)
    for day in (AS_OF, LATER):
        command = ["score", str(path), "--model", str(gym.folder), "--out", str(tmp_path / "scores"), "--json"]
        run = CliRunner().invoke(app, [*command, "--day", day.isoformat()])
        assert run.exit_code == 0, run.output
        assert json.loads(run.stdout)["day"] == day.isoformat()
        scores = pyarrow.parquet.read_table(tmp_path / "scores" / day.isoformat() / "part-00000.parquet")
        assert scores["probability"].to_pylist() == pytest.approx(offline(gym, rows, day), abs=1e-12)
        asked = CliRunner().invoke(
            app, ["predict", str(path), "--version", str(gym.folder), "--json", "--day", day.isoformat()]
        )
        assert asked.exit_code == 0, asked.output
        assert [row["probability"] for row in json.loads(asked.stdout)] == pytest.approx(offline(gym, rows, day))
    shown = CliRunner().invoke(app, [*command[:-1], "--day", AS_OF.isoformat()])
    assert "today() is 2026-11-30 for rows that name no day: --day sets it" in shown.output
    wrong = CliRunner().invoke(app, [*command, "--day", "tonight"])
    assert wrong.exit_code != 0
    assert "'tonight' is not a day" in wrong.output


def test_a_table_is_monitored_on_a_day(gym: Model) -> None:
    customers = table().drop_columns(["left"])
    found = tenure.monitor(gym, customers, reference=customers, day=AS_OF)
    assert found.scores is not None
    assert found.scores["psi"] == pytest.approx(0.0, abs=1e-9)
    assert "today() is 2026-11-30 for current customers whose rows name no day" in found.notes
    assert tenure.monitor(gym, customers, reference=customers, day="2036-11-30").verdict == "retrain"


def test_training_and_evaluation_never_read_the_clock(
    gym: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> date:
        raise AssertionError("the clock was read")

    monkeypatch.setattr("tenure.transform.today.utc_day", refuse)
    again = tenure.train(write_dataset(tmp_path, table()), families=["logistic_regression"], trials=1)
    assert again.version == gym.version
    assert tenure.evaluate(again).metrics


def test_the_served_model_equals_the_evaluated_one(gym: Model, tmp_path: Path) -> None:
    """The step's replay sends the day of each row of the test part."""
    assert gym.workspace is not None
    check_serving.run(dump(gym.contract), gym.folder, gym.workspace.features, tmp_path, tmp_path / "serving.json")
    found = json.loads((tmp_path / "serving.json").read_text())
    assert found["max_difference"] <= 1e-6
    assert found["rows"] > 0
