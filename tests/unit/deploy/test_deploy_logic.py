"""The deploy step: what it starts, and what becomes of the program's end."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.deploy import logic
from tenure.errors import BusyError, InputError, SourceError, TenureError, VerdictError

BASE: dict[str, Any] = {"service": "churn", "version": "7", "model": "telco"}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands in for ``python -m rollout``: prints its arguments, then ends as it is told to."""
    for name in ("MLFLOW_TRACKING_URI", "TENURE_TRACKING_URI", "TENURE_TRACKING_PATIENCE_S"):
        monkeypatch.delenv(name, raising=False)

    def prepare(status: int = 0, fault: str = "") -> None:
        script = tmp_path / "program"
        script.write_text(
            f"#!{sys.executable}\nimport sys\nprint('asked:', *sys.argv[1:])\n"
            f"sys.stderr.write({fault!r})\nraise SystemExit({status})\n"
        )
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return prepare


@pytest.fixture
def mlflow() -> Iterator[str]:
    """The address of somebody who answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_rollout_is_started_with_what_was_given(program: Any, mlflow: str) -> None:
    program()
    answer = logic.run(
        **BASE,
        namespace="prod",
        tracking_uri=mlflow,
        artifact_root="s3://m",
        shadow_log="s3://l",
        wait=True,
        who="a b",
    )
    assert answer == {
        "deployed": True,
        "version": "7",
        "service": "churn",
        "outcome": "asked: -m rollout start churn --version 7 --model telco --once "
        f"--namespace prod --mlflow {mlflow} --artifact-root s3://m --shadow s3://l --who a b --wait",
    }


def test_what_is_empty_is_left_to_the_rollout(program: Any) -> None:
    program()
    assert logic.run(**BASE)["outcome"] == "asked: -m rollout start churn --version 7 --model telco --once"


def test_the_registry_is_the_one_that_the_other_steps_use(
    program: Any, mlflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubeflow's MLflow plugin names one; where it does not, the pod's own variable does."""
    program()
    monkeypatch.setenv("TENURE_TRACKING_URI", mlflow)
    assert f"--mlflow {mlflow}" in logic.run(**BASE)["outcome"]
    monkeypatch.setenv("TENURE_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
    assert f"--mlflow {mlflow}" in logic.run(**BASE)["outcome"]


def test_a_registry_that_restarts_is_waited_for(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = taken.getsockname()
    monkeypatch.setenv("TENURE_TRACKING_URI", f"http://{address[0]}:{address[1]}")
    monkeypatch.setenv("TENURE_TRACKING_PATIENCE_S", "30")

    def restart() -> None:
        time.sleep(0.3)
        with ThreadingHTTPServer(address, BaseHTTPRequestHandler) as server:
            server.handle_request()

    server = threading.Thread(target=restart)
    server.start()
    assert logic.run(**BASE)["deployed"] is True
    server.join()


def test_no_version_deploys_nothing(program: Any) -> None:
    program(status=1)
    assert logic.run(service="churn", version="", model="telco")["deployed"] is False


@pytest.mark.parametrize(
    ("status", "error"), [(2, InputError), (3, SourceError), (4, BusyError), (7, VerdictError), (1, TenureError)]
)
def test_the_programs_error_is_the_steps(program: Any, status: int, error: type[TenureError]) -> None:
    program(status, "some warning\nerror: no InferenceService churn in namespace prod\n")
    with pytest.raises(error) as raised:
        logic.run(**BASE)
    assert type(raised.value) is error
    assert str(raised.value) == "no InferenceService churn in namespace prod"


def test_the_real_program_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    for name in ("MLFLOW_TRACKING_URI", "TENURE_TRACKING_URI", "TENURE_TRACKING_PATIENCE_S"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="where does the bundle lie"):
        logic.run(**BASE)
    with pytest.raises(SourceError, match=r"MLflow at http://127\.0\.0\.1:9 cannot be reached"):
        logic.run(**BASE, tracking_uri="http://127.0.0.1:9")


def test_the_component_compiles(tmp_path: Path) -> None:
    from kfp import compiler

    from components.deploy.component import deploy

    compiler.Compiler().compile(deploy, str(tmp_path / "deploy.yaml"))
    text = (tmp_path / "deploy.yaml").read_text()
    assert "components.deploy.logic" in text and "pip install" not in text
