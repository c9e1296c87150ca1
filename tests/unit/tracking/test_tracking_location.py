"""The location of MLflow, and the errors if it cannot be reached."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tenure.errors import InputError, SourceError, StorageError
from tenure.tracking import Location, Registry, resolve
from tenure.tracking import location as module
from tenure.tracking.client import connect


def test_the_home_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("TENURE_HOME", str(tmp_path))
    found = resolve()
    assert found == Location(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "mlartifacts")
    assert found.is_empty


def test_environment_and_argument_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert resolve(home=tmp_path) == Location("http://tracking:5000", None)
    assert resolve("", tmp_path).uri == "http://tracking:5000"
    assert resolve("https://other", tmp_path).uri == "https://other"
    database = resolve("postgresql+psycopg://u:p@db/mlflow", tmp_path)
    assert database.artifact_root == tmp_path / "mlartifacts"
    assert not database.is_empty


def test_credentials_are_not_shown() -> None:
    assert Location("https://ann:secret@tracking:5000/x", None).shown == "https://tracking:5000/x"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REACH_TIMEOUT_S", 0.2)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_server_that_is_down_is_one_line(scheme: str) -> None:
    registry = Registry("telco", Location(f"{scheme}://ann:secret@127.0.0.1:{free_port()}/mlflow", None))
    with pytest.raises(SourceError, match="cannot be reached: Connection refused") as caught:
        registry.versions()
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_hangs_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        registry = Registry("telco", Location(f"http://127.0.0.1:{silent.getsockname()[1]}", None))
        with pytest.raises(SourceError, match="no answer in time"):
            registry.versions()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def connect_at_third(address: object, timeout: float) -> socket.socket:
        tries.append(address)
        if len(tries) < 3:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.socket()

    monkeypatch.setattr(module.socket, "create_connection", connect_at_third)
    Location("postgresql://db/mlflow", None).reach()
    assert tries == [("db", 5432)] * 3


@pytest.mark.parametrize("answers_after_s", [290.0, 310.0])
def test_a_step_of_a_pipeline_outlasts_a_restart(answers_after_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def connect(address: object, timeout: float) -> socket.socket:
        if clock[0] < answers_after_s:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.socket()

    monkeypatch.setenv(module.PATIENCE_VARIABLE, "300")
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    monkeypatch.setattr(module.socket, "create_connection", connect)
    expected = contextlib.nullcontext() if answers_after_s < 300 else pytest.raises(SourceError, match="refused")
    with expected:
        Location("postgresql://db/mlflow", None).reach()
    assert clock[0] <= 300 + module.LONGEST_PAUSE_S


def test_patience_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.PATIENCE_VARIABLE, "long")
    with pytest.raises(InputError, match="TENURE_TRACKING_PATIENCE_S is 'long', not a number of seconds"):
        Location("postgresql://db/mlflow", None).reach()


class Failing(BaseHTTPRequestHandler):
    """A server that answers every request with an error."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/health" else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    server = HTTPServer(("127.0.0.1", 0), Failing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        started = time.monotonic()
        with pytest.raises(SourceError, match=r"^MLflow at http://127") as caught:
            Registry("telco", Location(f"http://127.0.0.1:{server.server_port}", None)).versions()
        assert "\n" not in str(caught.value)
        assert time.monotonic() - started < 60
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_home_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        connect(resolve(f"sqlite:///{tmp_path}/file/home/mlflow.db", tmp_path))
