"""The commands as processes of their own, against a cluster and a Prometheus over HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cluster_double import ApiServer, KServe, inference_service
from json_handler import JsonHandler
from traffic_double import Behaviour, Load, MetricsServer

from rollout.cli import main
from tenure import prediction_log

pytestmark = pytest.mark.slow

URI = "s3://models/churn/7/data/bundle"
QUICK = ["--step-time-s", "1", "--step-requests", "20", "--deadline-s", "60", "--ready-s", "25", "--drain-s", "0.3"]
QUICK += ["--look-s", "0.2", "--stale-s", "20"]
CANARY = "churn-v7-predictor"


class Answer(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class World:
    """A cluster that lives: KServe works and requests flow, ten times a second."""

    def __init__(self, folder: Path) -> None:
        self.server = ApiServer()
        self.kserve = KServe(self.server)
        self.load = Load(self.kserve, per_s=600.0)
        self.metrics = MetricsServer(self.load)
        self.server.put("inferenceservices", inference_service())
        self.environment = {
            key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "PROMETHEUS_URL")
        }
        self.environment["KUBECONFIG"] = str(self.server.kubeconfig(folder))
        self.environment["TENURE_ROLLOUT_AUDIT"] = f"sqlite:///{folder}/audit.sqlite"
        self._stop = threading.Event()
        self._controllers: list[subprocess.Popen[str]] = []
        self._life = threading.Thread(target=self._live, daemon=True)
        self._life.start()
        self.wait(lambda: self.kserve.route() == {"churn-predictor": 100})

    def _live(self) -> None:
        while not self._stop.wait(0.1):
            self.kserve.step()
            self.load.flow(time.time(), 0.1)

    def close(self) -> None:
        for controller in self._controllers:
            if controller.poll() is None:
                controller.kill()
            controller.communicate()
        self._stop.set()
        self._life.join()
        self.metrics.close()
        self.server.close()

    def command(self, *arguments: str, **environment: str) -> Answer:
        """In this process: the client library takes seconds to import. The controllers are processes of their own."""
        out, err = io.StringIO(), io.StringIO()
        status = 0
        with (
            pytest.MonkeyPatch.context() as patched,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in ("MLFLOW_TRACKING_URI", "PROMETHEUS_URL"):
                patched.delenv(name, raising=False)
            given = {name: self.environment[name] for name in ("KUBECONFIG", "TENURE_ROLLOUT_AUDIT")}
            for name, value in {**given, **environment}.items():
                patched.setenv(name, value)
            try:
                main(arguments)
            except SystemExit as left:
                status = int(left.code or 0)
        return Answer(status, out.getvalue(), err.getvalue())

    def controller(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rollout", "run", "churn", "--prometheus", self.metrics.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        self._controllers.append(process)
        return process

    def start(self, *more: str) -> Answer:
        return self.command("start", "churn", "--version", "7", "--storage-uri", URI, "--who", "ada", *QUICK, *more)

    def state(self) -> dict[str, Any]:
        document = self.server.get("configmaps", "churn-rollout")
        return json.loads(document["data"]["rollout.json"])["state"]

    def wait(self, holds: Callable[[], bool], limit_s: float = 60.0) -> None:
        ends = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < ends, "it did not happen in time"
            time.sleep(0.05)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_a_rollout_with_a_controller_that_is_killed_half_way(world: World) -> None:
    first = world.controller()
    assert world.start().returncode == 0
    world.wait(lambda: world.state()["percent"] >= 25)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    # Its Lease would run out in 30 s (tested with a clock of our own); here it ends at once.
    lease = world.server.get("leases", "churn-rollout")
    world.server.put("leases", {**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
    second = world.controller()
    waited = world.start("--wait")  # the same version again: nothing new, but waits for its end
    assert waited.returncode == 0, waited.stderr
    assert "serves all traffic" in waited.stdout
    predictor = world.server.get("inferenceservices", "churn")["spec"]["predictor"]
    assert predictor["name"] == "v7" and predictor["model"]["storageUri"] == URI
    assert world.load.lost == 0 and world.kserve.restarts == {} and world.kserve.most_canaries == 1
    shown = world.command("status", "churn", "--json")
    document = json.loads(shown.stdout)
    assert document["state"]["phase"] == "promoted"
    assert len({row["by"] for row in document["history"]}) == 2
    text = world.command("status", "churn").stdout
    assert "churn: version 7 as v7: promoted" in text and "advance" in text
    second.send_signal(signal.SIGTERM)
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 0
    assert [json.loads(line)["event"] for line in output.splitlines()][-1] == "stopped"
    assert world.server.get("leases", "churn-rollout")["spec"]["holderIdentity"] == ""
    again = world.start()
    assert again.returncode == 0 and "already" in again.stdout


def test_a_bad_canary_makes_the_waiting_step_fail(world: World) -> None:
    world.load.behaviours[CANARY] = Behaviour(errors=0.5)
    world.controller()
    waited = world.start("--wait")
    assert waited.returncode == 7
    assert waited.stderr.startswith("error: churn: version 7 was rolled back: canary is worse: failed requests")
    assert waited.stderr.count("\n") == 1
    world.wait(lambda: world.kserve.route() == {"churn-predictor": 100})
    assert world.server.get("inferenceservices", "churn")["spec"] == inference_service()["spec"]


def test_abort_wakes_the_controller_at_once(world: World) -> None:
    world.controller()
    world.start("--step-time-s", "10")
    world.wait(lambda: world.state()["phase"] == "analysing")
    aborted = world.command("abort", "churn", "--why", "complaints", "--who", "bob")
    assert aborted.returncode == 0, aborted.stderr
    assert "rolled back: aborted by tester for bob: complaints" in aborted.stdout
    late = world.command("abort", "churn")
    assert late.returncode == 2 and late.stderr == "error: churn: no rollout is under way\n"


def test_abort_and_promote_without_any_controller(world: World) -> None:
    started = world.start("--once")
    assert "no controller is running" in started.stdout
    aborted = world.command("abort", "churn", "--who", "bob", "--why", "complaints")
    assert aborted.returncode == 0, aborted.stderr
    # What a schedule says each night: a version that somebody took back does not come again by itself.
    again = world.start("--once")
    assert again.returncode == 7
    assert again.stderr == (
        "error: churn: version 7 was rolled back (aborted by tester for bob: complaints) and is not started again; "
        "to start it nevertheless: tenure rollout start churn --version 7 --model churn\n"
    )
    assert world.state()["phase"] == "rolled back"
    world.wait(lambda: "churn-v7-predictor" not in world.server.names("deployments"))
    assert world.start().returncode == 0
    promoted = world.command("promote", "churn", "--why", "metrics are broken")
    assert promoted.returncode == 0, promoted.stderr
    assert world.server.get("inferenceservices", "churn")["spec"]["predictor"]["name"] == "v7"
    assert world.load.lost == 0


def test_pause_and_resume(world: World) -> None:
    world.controller()
    world.start("--steps", "50,100")
    world.wait(lambda: world.state()["phase"] == "analysing")
    assert world.command("pause", "churn").returncode == 0
    percent = world.state()["percent"]
    time.sleep(2.5)
    assert world.state()["paused_at"] is not None and world.state()["percent"] == percent
    assert world.command("resume", "churn").returncode == 0
    world.wait(lambda: world.state()["phase"] == "promoted")


def test_shadow_replays_the_log_before_any_traffic(world: World, tmp_path: Path) -> None:
    class Canary(JsonHandler):
        asked: ClassVar[list[str]] = []
        output = "value"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            Canary.asked.append(self.path)
            score = body["inputs"][0]["data"][0] / 200
            self.answer({"outputs": [{"name": Canary.output, "data": [score]}]})

    inputs = pa.schema([("tenure", pa.int64())])
    rows = [
        {
            "request_id": f"id-{number}",
            "row": 0,
            "time": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
            "model": "churn",
            "version": "abc",
            "score": number / 200,
            "fallback": False,
            "output": "probability",
            "inputs": {"tenure": number},
        }
        for number in range(200)
    ]
    log = tmp_path / "log"
    log.mkdir()
    pq.write_table(pa.Table.from_pylist(rows, prediction_log.schema(inputs)), log / "a.parquet")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        world.controller()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        away = world.start("--shadow", str(log), "--shadow-rows", "150", "--canary-url", "http://127.0.0.1:9")
        waits = world.state()["phase"]
        other = world.start("--shadow", str(log), "--shadow-rows", "150", "--canary-url", url)
        Canary.asked.clear()
        Canary.output = "probability"
        world.wait(lambda: world.state()["phase"] == "rolled back")
        done = world.start(
            "--shadow", str(log), "--shadow-rows", "150", "--canary-url", url, "--steps", "50,100", "--wait"
        )
    finally:
        server.shutdown()
        server.server_close()
    # What is wrong with the way to the canary is not wrong with the canary.
    assert (away.returncode, away.stderr.count("\n"), waits) == (3, 1, "shadow")
    assert "the canary cannot be reached at http://127.0.0.1:9 (" in away.stderr and "--canary-url" in away.stderr
    assert other.returncode == 7 and other.stderr.count("\n") == 1
    told = (
        "version 7 is rolled back: replay: the canary answers 'value' and stable 'probability': one predicts a number"
    )
    assert told in other.stderr
    assert done.returncode == 0, done.stderr
    assert "replay passed: 150 rows, score distance 0.000" in done.stdout
    assert Canary.asked == ["/v2/models/churn/infer"] * 150
    rows = json.loads(world.command("status", "churn", "--json").stdout)["history"]
    first = next(row["reason"] for row in rows if row["action"] == "advance")
    assert first.startswith("to 50 %: replay: 150 rows")


BAD = [
    (["status", "churn", "--context", "nope"], 2, "no context 'nope' in the kubeconfig (there: double, gone)"),
    (["status", "churn", "--context", "gone"], 3, "cannot be reached"),
    (["status", "churm"], 2, "no InferenceService churm in namespace tenure"),
    (["status", "churn", "-n", "other"], 2, "no InferenceService churn in namespace other"),
    (["pause", "churn"], 2, "no rollout is under way"),
    (["run", "churn"], 2, "--prometheus"),
    (["start", "churn", "--version", "7"], 2, "--storage-uri"),
    (["start", "churn", "--version", "7_B!", "--storage-uri", URI], 2, "canary name 'v7-b!'"),
    (["start", "churn", "--version", "7", "--storage-uri", URI, "--steps", "a"], 2, "steps"),
    (
        ["start", "churn", "--version", "7", "--storage-uri", URI, "--shadow", "x", "--shadow-rows", "5"],
        2,
        "at least 100",
    ),
    (
        ["start", "churn", "--version", "7", "--storage-uri", URI, "--shadow", "/nowhere"],
        2,
        "no prediction log at /nowh",
    ),
    (["start", "churn", "--version", "7", "--storage-uri", URI, "--error-share", "2"], 2, "error_share is 2"),
    (["start", "churn", "--version", "7", "--mlflow", "http://127.0.0.1:9"], 3, "MLflow at http://127.0.0.1:9"),
]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("still"))
    yield world
    world.close()


@pytest.mark.parametrize(("arguments", "status", "words"), BAD)
def test_bad_requests_get_one_line(still: World, arguments: list[str], status: int, words: str) -> None:
    answer = still.command(*arguments)
    assert answer.returncode == status
    assert words in answer.stderr
    assert answer.stderr.startswith("error: ") and answer.stderr.count("\n") == 1
    assert still.server.get("inferenceservices", "churn")["spec"] == inference_service()["spec"]
    assert still.server.names("configmaps") == []


def test_no_cluster_at_all(tmp_path: Path, still: World) -> None:
    answer = still.command("status", "churn", KUBECONFIG=str(tmp_path / "absent"))
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert answer.stderr.startswith("error: no cluster: set KUBECONFIG")
    (tmp_path / "garbage").write_text("{")
    answer = still.command("status", "churn", KUBECONFIG=str(tmp_path / "garbage"))
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert "kubeconfig cannot be read" in answer.stderr


def test_missing_crds_are_named_with_their_command(still: World) -> None:
    groups = dict(still.server.groups)
    try:
        del still.server.groups["/apis/serving.kserve.io/v1beta1"]
        answer = still.command("status", "churn")
        assert answer.returncode == 2 and "KServe's CRDs are not installed: kubectl apply" in answer.stderr
        still.server.groups = {**groups, "/apis/gateway.networking.k8s.io/v1": set()}
        answer = still.command("start", "churn", "--version", "7", "--storage-uri", URI)
        assert answer.returncode == 2 and "Gateway API's CRDs are not installed: kubectl apply" in answer.stderr
    finally:
        still.server.groups = groups


@pytest.mark.parametrize(
    ("forbidden", "command"),
    [
        (("GET", "inferenceservices"), ["run", "churn", "--prometheus", "http://127.0.0.1:9"]),
        (("POST", "rolloutrequests"), ["start", "churn", "--version", "7", "--storage-uri", URI]),
    ],
)
def test_a_forbidden_verb_is_named(still: World, forbidden: tuple[str, str], command: list[str]) -> None:
    still.server.forbidden = {forbidden}
    try:
        answer = still.command(*command)
    finally:
        still.server.forbidden = set()
    assert answer.returncode == 3
    assert answer.stderr.startswith("error: forbidden: ") and "k8s/base/rollout" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_the_plan_needs_no_cluster(still: World, tmp_path: Path) -> None:
    answer = still.command("plan", "--requests-per-s", "2", KUBECONFIG=str(tmp_path / "absent"))
    assert answer.returncode == 0
    assert "5 %   84 min, 500 requests a side" in answer.stdout
    assert "in all at least 2.0 h; rolled back if not promoted in 6.0 h" in answer.stdout
    slow = still.command("plan", "--requests-per-s", "0.1", KUBECONFIG=str(tmp_path / "absent"))
    assert "the deadline comes first" in slow.stdout


@pytest.mark.parametrize("name", ["start", "status", "pause", "resume", "promote", "abort", "audit", "run", "plan"])
def test_help_of_every_command_has_examples_of_its_own(still: World, name: str) -> None:
    answer = still.command(name, "--help")
    examples = answer.stdout.partition("examples:\n")[2].splitlines()
    shown = [line.split("rollout ")[1].split()[0] for line in examples if "rollout" in line]
    assert answer.returncode == 0 and shown and set(shown) == {name}


def test_help_of_the_program_has_examples() -> None:
    command = [sys.executable, "-m", "rollout", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    for name in ("plan", "start", "status", "pause", "resume", "promote", "abort", "audit", "run"):
        assert name in answer.stdout
    assert "python -m rollout abort churn" in answer.stdout
