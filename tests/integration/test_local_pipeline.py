"""The whole pipeline on this machine, as a user runs it: ``tenure run`` on 1,200 real customers.

One run is shared by most tests; the others start from its cache or fail early.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from documents import assert_valid

from pipelines.local.events import STEPS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TELCO = ROOT / "datasets" / "telco"
ROWS = 1_200
TRIALS = 2
TIMEOUT_S = 300


class Tenure:
    """The command line with a home of its own; with ``database`` MLflow's tables are there before the first run."""

    def __init__(self, home, database=None):
        self.home = home
        if database is not None:
            home.mkdir(mode=0o700)
            shutil.copy(database, home / "mlflow.db")
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        self.environment = {**environment, "TENURE_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "100"}

    def command(self, *arguments):
        return [sys.executable, "-m", "pipelines.cli", *map(str, arguments)]

    def __call__(self, *arguments, status=0):
        answer = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert answer.returncode == status, f"status {answer.returncode}, wanted {status}\n{answer.stderr[-3000:]}"
        return answer

    def json(self, *arguments, status=0):
        return json.loads(self(*arguments, "--json", status=status).stdout)

    def start(self, *arguments):
        """In the background; its output goes nowhere."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def events(self, run_id):
        return [json.loads(line) for line in (self.home / "runs" / run_id / "events.jsonl").read_text().splitlines()]

    def states(self, run_id):
        """Step to the set of its events."""
        found = {}
        for event in self.events(run_id):
            found.setdefault(event["step"], set()).add(event["event"])
        return found

    def run_ids(self):
        return sorted(path.name for path in (self.home / "runs").iterdir())


class Run(NamedTuple):
    tenure: Tenure
    dataset: Path
    result: dict
    screen: str


def write_dataset(folder, rows=ROWS, **changes):
    """The first rows of telco under its own contract, with floors that so few customers can reach."""
    folder.mkdir(parents=True)
    lines = (TELCO / "telco_churn.csv").read_text().splitlines(keepends=True)
    (folder / "telco_churn.csv").write_text("".join(lines[: rows + 1]))
    contract = yaml.safe_load((TELCO / "contract.yaml").read_text())
    contract["acceptance"] = {"min_roc_auc": 0.65, "max_calibration_error": 0.5, "bootstrap_samples": 200}
    contract["training"] = {"trials": TRIALS, "folds": 3}
    contract |= changes
    (folder / "contract.yaml").write_text(yaml.safe_dump(contract, sort_keys=False))
    return folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("datasets") / "telco")


@pytest.fixture(scope="session")
def first(tmp_path_factory, dataset):
    """The first run of a home: nothing is cached, no champion."""
    tenure = Tenure(tmp_path_factory.mktemp("first") / "home")
    answer = tenure("run", dataset)
    return Run(tenure, dataset, tenure.json("runs", "show", "last"), answer.stdout)


class TestFirstRun:
    def test_it_is_written_down(self, first):
        result = first.result
        assert (result["state"], result["exit_status"], result["error"]) == ("finished", 0, None)
        assert (result["verdict"], result["version"], result["dataset"]) == ("bless", "1", "telco")
        assert 0.65 < result["roc_auc"] < 0.95
        assert result["profit"] > 0
        assert result["duration_s"] > 0

    def test_every_step_told_how_it_went(self, first):
        states = first.tenure.states(first.result["run_id"])
        assert list(states) != []
        assert set(states) == set(STEPS)
        assert all(told >= {"start", "done"} for told in states.values()), states

    def test_the_reports_are_where_people_look(self, first):
        folder = first.tenure.home / "runs" / first.result["run_id"]
        names = {path.name for path in folder.iterdir()}
        assert names >= {
            "run.json",
            "run.log",
            "events.jsonl",
            "ingest.json",
            "validation.json",
            "validation.html",
            "definitions.json",
            "evaluation.json",
            "report.html",
            "serving.json",
            "request.json",
        }
        assert not any(name.startswith(".") for name in names), "nothing temporary is left"
        assert first.tenure("report").stdout.strip() == str(folder / "report.html")

    def test_no_row_is_lost(self, first):
        evaluation = json.loads((first.tenure.home / "runs" / first.result["run_id"] / "evaluation.json").read_text())
        assert_valid("evaluation", evaluation)
        rows = evaluation["rows"]
        assert rows["read"] == ROWS
        parts = rows["train"] + rows["validation"] + rows["test"]
        assert rows["read"] == rows["rejected"] + rows["quarantined"] + rows["set_aside"] + parts

    def test_the_screen_shows_all_of_it_at_once(self, first):
        lines = first.screen.splitlines()
        # Two of them say that so small a table was cross-fitted.
        assert len(lines) <= 44
        for told in ("1,200 read", "xgboost", "bless", "threshold", "expected profit", "telco version 1", "champion"):
            assert told in first.screen
        assert len(re.findall(r"^\s+(?:customers)?\s*\S.*\d %  (?:low|medium|high)", first.screen, re.MULTILINE)) == 3

    def test_the_server_says_what_the_bundle_says_here(self, first):
        """The three answers came over V2 from the server; the registered version, fetched anew, says the same."""
        folder = first.tenure.home / "runs" / first.result["run_id"]
        answers = json.loads((folder / "answers.json").read_text())["answers"]
        assert [answer["customer"]["role"] for answer in answers] == ["likely to leave", "on the edge", "loyal"]
        (folder / "customers.tmp.json").write_text(json.dumps([answer["customer"]["columns"] for answer in answers]))
        try:
            here = first.tenure.json("predict", folder / "customers.tmp.json", "--version", "champion")
        finally:
            (folder / "customers.tmp.json").unlink()
        for answer, row in zip(answers, here, strict=True):
            assert answer["score"] == pytest.approx(row["probability"], abs=1e-9)
            assert answer["contact"] == row["decision"]
            assert [name for name, _ in answer["reasons"]] == [name for name, _ in row["reasons"]]
        assert answers[0]["score"] > answers[1]["score"] > answers[2]["score"]

    def test_the_registry_knows_it(self, first):
        (version,) = first.tenure.json("models", "list")
        assert version["aliases"] == ["challenger", "champion"]
        assert version["run_id"] == first.result["run_id"]
        assert version["metrics"]["roc_auc"][0] == pytest.approx(first.result["roc_auc"])

    def test_its_model_is_signed_by_the_key_of_the_home(self, first):
        (trusted,) = first.tenure.json("keys", "show")
        signed = first.tenure.json("models", "verify", "champion")
        assert (signed["key"], signed["run_id"]) == (trusted["key"], first.result["run_id"])

    def test_serve_it_again_and_ask_over_v2(self, first, tmp_path):
        server = first.tenure.start("serve", "1", "--port", "0", "--grpc-port", "0")
        try:
            ready = json.loads(server.stdout.readline())
            url = f"http://127.0.0.1:{ready['http_port']}"
            lines = (first.dataset / "telco_churn.csv").read_text().splitlines(keepends=True)
            (tmp_path / "customers.csv").write_text("".join(lines[:30]))
            there = first.tenure.json("predict", tmp_path / "customers.csv", "--url", url)
            here = first.tenure.json("predict", tmp_path / "customers.csv")
            assert there == here
            assert len(there) == 29
        finally:
            server.terminate()
            server.communicate(timeout=30)
        assert server.returncode == 0


@pytest.fixture(scope="session")
def second(first):
    """The same once more: the champion is there now, the data is the same."""
    return first.tenure.json("run", first.dataset, "--no-serve")


class TestSecondRun:
    def test_what_did_not_change_is_not_done_again(self, first, second):
        states = first.tenure.states(second["run_id"])
        cached = {step for step, told in states.items() if told == {"cached"}}
        assert cached == {"ingest", "validate", "feature", "tune", "train", "check_serving"}
        assert "done" in states["check_drift"], "there is a champion to compare distributions with now"

    def test_an_identical_model_is_blessed_and_not_registered_twice(self, first, second):
        assert (second["verdict"], second["version"]) == ("bless", "1")
        (registered,) = [event for event in first.tenure.events(second["run_id"]) if event["event"] == "done"][-1:]
        assert (registered["step"], registered["summary"]["registered"]) == ("register", False)

    def test_the_reports_of_cached_steps_are_there_too(self, first, second):
        folder = first.tenure.home / "runs" / second["run_id"]
        for name in ("ingest.json", "validation.html", "evaluation.json", "report.html"):
            assert (folder / name).stat().st_size > 0

    def test_the_third_run_asks_the_registry_and_no_more(self, first, second):
        third = first.tenure.json("run", first.dataset, "--no-serve")
        states = first.tenure.states(third["run_id"])
        assert {step for step, told in states.items() if "done" in told} == {"champion", "register"}
        assert third["roc_auc"] == second["roc_auc"]


class TestDeterminism:
    def test_a_run_without_the_cache_elsewhere_gives_the_same(self, first, tmp_path, empty_mlflow_database):
        other = Tenure(tmp_path / "home", empty_mlflow_database)
        result = other.json("run", first.dataset, "--no-cache", "--no-serve", "--workers", "1")
        documents = []
        for tenure, record in ((first.tenure, first.result), (other, result)):
            document = json.loads((tenure.home / "runs" / record["run_id"] / "evaluation.json").read_text())
            for changing in ("created_at", "training"):
                del document[changing]
            documents.append(document)
        assert documents[0] == documents[1]
        assert documents[0]["versions"]["data_hash"]
        assert (result["roc_auc"], result["profit"]) == (first.result["roc_auc"], first.result["profit"])


def wait_for(condition, timeout_s=120.0):
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def processes_of(home):
    """Live processes that name the home in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(home).encode() in command and state != "Z":
            found.append(int(folder.name))
    return found


class TestKilledHalfWay:
    @pytest.fixture(scope="class")
    def killed(self, first, tmp_path_factory, empty_mlflow_database):
        """A run that was killed while it searched; and what a second run in its home was told before."""
        tenure = Tenure(tmp_path_factory.mktemp("killed") / "home", empty_mlflow_database)
        process = tenure.start("run", first.dataset, "--no-serve", "--trials", "2")

        def trials_done():
            runs = tenure.run_ids() if (tenure.home / "runs").exists() else []
            if not runs or not (tenure.home / "runs" / runs[0] / "events.jsonl").exists():
                return 0
            counts = [event.get("done") or 0 for event in tenure.events(runs[0]) if event["step"] == "tune"]
            return max(counts, default=0)

        try:
            wait_for(lambda: (tenure.home / "runs").exists() and tenure.run_ids())
            refused = tenure("run", first.dataset, status=4)
            listed = tenure.json("runs", "list")
            # Asked for last: the other trials take no longer than the questions on a busy machine.
            wait_for(lambda: trials_done() >= 1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)
        return tenure, process.pid, refused, listed

    def test_a_second_run_in_the_same_home_is_refused_in_one_line(self, killed):
        _, pid, refused, listed = killed
        assert refused.stderr.count("\n") == 1
        assert f"process {pid};" in refused.stderr
        assert [run["state"] for run in listed] == ["running"]

    def test_nothing_runs_on_unseen(self, killed):
        tenure = killed[0]
        wait_for(lambda: not processes_of(tenure.home), timeout_s=20)

    def test_the_next_run_goes_on_where_it_was(self, first, killed):
        tenure = killed[0]
        interrupted = tenure.json("runs", "show", "last")
        assert interrupted["state"] == "interrupted"
        before = {event["task"]: event["done"] for event in tenure.events(interrupted["run_id"]) if event.get("total")}
        resumed = tenure.json("run", first.dataset, "--no-serve", "--trials", "2")
        states = tenure.states(resumed["run_id"])
        cached = {step for step, told in states.items() if told == {"cached"}}
        # Nothing waits for check_drift: it may have been done before the kill, or not.
        assert cached - {"check_drift"} == {"ingest", "validate", "feature"}
        first_told = {}
        for event in tenure.events(resumed["run_id"]):
            if event["step"] == "tune" and event["event"] == "progress":
                first_told.setdefault(event["task"], event["done"])
        assert any(before.get(task, 0) > 0 and done > 0 for task, done in first_told.items()), "no trial was kept"
        assert resumed["roc_auc"] == first.result["roc_auc"], "an interruption changes no result"


class TestInterrupted:
    def test_ctrl_c_ends_everything_and_says_so(self, first, tmp_path):
        tenure = Tenure(tmp_path / "home")
        process = tenure.start("run", first.dataset)
        try:
            wait_for(lambda: list((tenure.home / "runs").glob("*/events.jsonl")))
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130
        assert told.splitlines()[-1] == "tenure: interrupted"
        assert tenure.json("runs", "show", "last")["state"] == "interrupted"
        wait_for(lambda: not processes_of(tenure.home), timeout_s=20)


class TestBadInput:
    """One line, the error's status, and what was there before is as it was."""

    @pytest.mark.parametrize(
        ("damage", "pattern"),
        [
            pytest.param(lambda line: line.rpartition(",")[0] + "\n", "'Churn'", id="no label column"),
            pytest.param(lambda line: re.sub("Yes$", "No", line.rstrip()) + "\n", "Churn", id="a label of one class"),
        ],
    )
    def test_a_table_that_cannot_be_trained_on(self, first, tmp_path, damage, pattern):
        registry = (first.tenure.home / "mlflow.db").read_bytes()
        lines = (first.dataset / "telco_churn.csv").read_text().splitlines(keepends=True)
        (tmp_path / "bad.csv").write_text("".join(map(damage, lines)))
        answer = first.tenure("run", first.dataset, "--data", tmp_path / "bad.csv", "--no-serve", status=2)
        last = answer.stderr.splitlines()[-1]
        assert last.startswith("tenure: ")
        assert re.search(pattern, last), last
        assert "Traceback" not in answer.stderr
        failed = first.tenure.json("runs", "show", "last")
        assert (failed["state"], failed["exit_status"]) == ("failed", 2)
        assert failed["error"] == last.removeprefix("tenure: ")
        assert (first.tenure.home / "mlflow.db").read_bytes() == registry


class TestVerdict:
    @pytest.fixture(scope="class")
    def strict(self, tmp_path_factory, empty_mlflow_database):
        """A floor that lies inside the interval of any model on so few customers."""
        folder = tmp_path_factory.mktemp("strict")
        acceptance = {"min_roc_auc": 0.83, "max_calibration_error": 0.5, "bootstrap_samples": 200}
        training = {"trials": 1, "folds": 2, "families": ["logistic_regression"]}
        dataset = write_dataset(folder / "telco", acceptance=acceptance, training=training)
        tenure = Tenure(folder / "home", empty_mlflow_database)
        return tenure, dataset, tenure("run", dataset, status=7)

    def test_an_inconclusive_model_is_shown_and_not_registered(self, strict):
        tenure, _, answer = strict
        assert "inconclusive" in answer.stdout
        assert "not registered" in answer.stdout
        assert '--override "reason"' in answer.stderr.splitlines()[-1]
        assert "version" not in tenure.events(tenure.run_ids()[0])[-1]["summary"]
        run = tenure.json("runs", "list")[-1]
        assert (run["state"], run["exit_status"], run["verdict"]) == ("finished", 7, "inconclusive")

    def test_a_person_may_override_and_is_recorded(self, strict):
        tenure, dataset, _ = strict
        result = tenure.json("run", dataset, "--override", "a pilot of 100 customers", "--no-serve")
        assert (result["verdict"], result["version"]) == ("inconclusive", "1")
        (version,) = tenure.json("models", "list")
        assert version["override"] == "a pilot of 100 customers"
        assert "champion" not in version["aliases"]


def can_mount():
    probe = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not can_mount(), reason="needs user namespaces to mount a small disk")
class TestFullDisk:
    @pytest.mark.parametrize("size_kb", [350, 600])
    def test_a_full_disk_is_told_in_one_line_and_written_down(self, first, tmp_path, size_kb):
        home = tmp_path / "disk"
        home.mkdir()
        tenure = Tenure(home)
        script = f"""
            mount -t tmpfs -o size={size_kb}k tmpfs "$TENURE_HOME" || exit 99
            "$@"; status=$?
            cat "$TENURE_HOME"/runs/*/run.json
            exit $status
        """
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
        answer = subprocess.run(
            [*command, *tenure.command("run", first.dataset)],
            env=tenure.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert answer.returncode == 5, answer.stderr
        assert re.search("^tenure: .*(is full|No space left)", answer.stderr.splitlines()[-1]), answer.stderr
        assert "Traceback" not in answer.stderr
        written = json.loads(answer.stdout)
        assert (written["state"], written["exit_status"]) == ("failed", 5)
