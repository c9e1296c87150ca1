"""Whatever the umask, other users of the machine can look into nothing that Tenure writes, not even while it does."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TELCO = ROOT / "datasets" / "telco"
ROWS = 600
OTHERS = 0o077
POLL_S = 0.02


def open_to_others(*folders: Path) -> dict[str, str]:
    """Path to mode of every folder and file that anyone but its owner has a permission on."""
    found: dict[str, str] = {}

    def look(path: Path) -> None:
        try:
            status = path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISLNK(status.st_mode):
            return
        if status.st_mode & OTHERS:
            found[str(path)] = f"{stat.S_IMODE(status.st_mode):04o}"
        if stat.S_ISDIR(status.st_mode):
            try:
                entries = list(path.iterdir())
            except (FileNotFoundError, NotADirectoryError):
                return
            for entry in entries:
                look(entry)

    for folder in folders:
        look(folder)
    return found


class Work(NamedTuple):
    folder: Path
    """Stands for the user's current folder: open, with all that they have Tenure write in it."""
    temporary: Path
    umask: int
    environment: dict[str, str]

    @property
    def written(self) -> tuple[Path, ...]:
        names = ("home", "scores", "monitoring", "drafted", "log", "check.html", "compiled.yaml")
        return tuple(self.folder / name for name in names)

    def command(self, *arguments: object, program: str = "pipelines.cli") -> list[str]:
        return [sys.executable, "-m", program, *map(str, arguments)]

    def __call__(self, *arguments: object) -> str:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=self.folder,
            umask=self.umask,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode in (0, 7), done.stderr[-3000:]
        return done.stderr


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """With the umask that leaves most open: a file that is private with it is private with any."""
    return make_work(tmp_path_factory.mktemp("work"), 0o000)


def make_work(folder: Path, umask: int) -> Work:
    folder.chmod(0o755)
    lines = (TELCO / "telco_churn.csv").read_text().splitlines(keepends=True)
    (folder / "telco_churn.csv").write_text("".join(lines[: ROWS + 1]))
    contract = yaml.safe_load((TELCO / "contract.yaml").read_text())
    contract["acceptance"] = {"min_roc_auc": 0.5, "max_calibration_error": 0.9, "bootstrap_samples": 50}
    contract["training"] = {"families": ["logistic_regression"], "trials": 1, "folds": 2}
    (folder / "contract.yaml").write_text(yaml.safe_dump(contract, sort_keys=False))
    temporary = folder / "tmp"
    temporary.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "PYTHONPATH")}
    own = {"TENURE_HOME": str(folder / "home"), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    return Work(folder, temporary, umask, inherited | own)


class Watch:
    """Looks at the files again and again while they are written."""

    def __init__(self, *folders: Path) -> None:
        self.found: dict[str, str] = {}
        self.looks = 0
        self._folders = folders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._ended.wait(POLL_S):
            self.found |= open_to_others(*self._folders)
            self.looks += 1

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def temporary_files(work: Work) -> list[Path]:
    return list(work.temporary.iterdir())


@pytest.fixture(scope="module")
def run(work: Work) -> Iterator[Work]:
    with Watch(*work.written) as watch:
        work("run", work.folder)
    assert watch.looks > 20
    assert watch.found == {}
    yield work


def test_a_run_writes_for_its_user_alone(run: Work) -> None:
    assert open_to_others(*run.written, *temporary_files(run)) == {}
    names = {path.name for path in (run.folder / "home").rglob("*")}
    assert names >= {"run.json", "run.log", "report.html", "mlflow.db", "mlartifacts", "lock", "model.onnx"}
    assert names >= {"test.parquet", "quarantine.parquet", "rejected.parquet", "answers.json", "request.json"}


def test_so_do_the_commands_whose_output_is_named(run: Work) -> None:
    run("score", run.folder, "--out", run.folder / "scores")
    run("monitor", run.folder, "--out", run.folder / "monitoring")
    run("check", run.folder, "--report", run.folder / "check.html")
    run("init", run.folder / "telco_churn.csv", "--out", run.folder / "drafted")
    run("compile", "scoring", "--image", "tenure:1", "--output", run.folder / "compiled.yaml")
    for path in run.written:
        assert path.exists() or path.name == "log"
    assert len(list((run.folder / "scores").rglob("*.parquet"))) >= 1
    assert open_to_others(*run.written, *temporary_files(run)) == {}


def test_with_the_usual_umask(tmp_path: Path) -> None:
    work = make_work(tmp_path, 0o022)
    work("check", work.folder, "--report", work.folder / "check.html")
    work("init", work.folder / "telco_churn.csv", "--out", work.folder / "drafted")
    assert {path.name for path in work.written if path.exists()} >= {"check.html", "drafted"}
    assert open_to_others(*work.written, *temporary_files(work)) == {}


def test_a_file_that_is_overwritten_keeps_its_mode(run: Work) -> None:
    page = run.folder / "shared.html"
    page.write_text("old")
    page.chmod(0o644)
    run("check", run.folder, "--report", page)
    assert page.read_text() != "old"
    assert stat.S_IMODE(page.stat().st_mode) == 0o644


def test_the_prediction_log_of_a_server(run: Work) -> None:
    (bundle,) = {path.parent for path in (run.folder / "home" / "mlartifacts").rglob("model.onnx")}
    log = run.folder / "log" / "predictions"
    flags = ("--prediction-log", log, "--prediction-log-flush-s", "0.2", "--workers", "2")
    command = run.command(
        "--model", f"telco={bundle}", "--http-port", "0", "--grpc-port", "0", *flags, program="serving"
    )
    (request,) = (run.folder / "home" / "runs").glob("*/request.json")
    with Watch(*run.written) as watch:
        server = subprocess.Popen(
            command, env=run.environment, umask=run.umask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert server.stdout is not None
            port = json.loads(server.stdout.readline())["http_port"]
            for _ in range(5):
                url = f"http://127.0.0.1:{port}/v2/models/telco/infer"
                asked = urllib.request.Request(url, request.read_bytes(), {"Content-Type": "application/json"})
                with urllib.request.urlopen(asked, timeout=20) as response:
                    assert response.status == 200
        finally:
            server.terminate()
            server.wait(30)
    assert list(log.rglob("*.parquet"))
    assert watch.found == {}
    assert open_to_others(*run.written, *temporary_files(run)) == {}


def test_a_home_that_is_open_is_closed_with_a_note(run: Work) -> None:
    home = run.folder / "home"
    home.chmod(0o755)
    assert f"{home} was open to other users of this machine; now it is yours alone" in run("runs", "list")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert "was open" not in run("runs", "list")
