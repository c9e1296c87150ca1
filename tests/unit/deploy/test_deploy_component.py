"""The deploy step: the rollout's command line as Kubeflow starts it, in the rollout's image."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from components.deploy.component import deploy
from pipelines.cluster.workflow import logged_error
from pipelines.graphs.settings import cluster
from rollout.cli import main, parser
from rollout.commands.start import start
from tenure.errors import InputError, SourceError

GIVEN = {"service": "churn", "namespace": "prod", "version": "7", "model": "telco", "run_id": "0123-ab"}


def arguments(**given: str) -> list[str]:
    """The container's arguments with Kubeflow's placeholders replaced."""
    filled = []
    for argument in deploy.component_spec.implementation.container.args:
        text = str(argument)
        for name, value in {**GIVEN, **given}.items():
            text = text.replace(f"{{{{$.inputs.parameters['{name}']}}}}", value)
        assert "{{$" not in text
        filled.append(text)
    return filled


@pytest.fixture(autouse=True)
def no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    for name in ("MLFLOW_TRACKING_URI", "TENURE_TRACKING_URI", "TENURE_TRACKING_PATIENCE_S"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mlflow() -> Iterator[str]:
    """Address of an HTTP server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_rollout_is_started_with_what_the_graph_gives() -> None:
    options = parser().parse_args(arguments())
    assert options.work is start
    expected = {"service": "churn", "namespace": "prod", "version": "7", "model": "telco", "once": True, "wait": False}
    expected |= {"who": "pipeline", "why": "registered by run 0123-ab", "shadow": None, "artifact_root": ""}
    assert expected.items() <= vars(options).items()


def test_the_container_is_that_of_the_rollout() -> None:
    container = deploy.component_spec.implementation.container
    assert container.command == ["python", "-m", "rollout"]
    dockerfile = (Path(__file__).resolve().parents[3] / "images/rollout/Dockerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["python", "-m", "rollout"]' in dockerfile


def test_the_registry_is_the_one_that_the_other_steps_use(mlflow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubeflow's MLflow plugin sets one address; without the plugin the pod's own variable does."""
    monkeypatch.setenv("TENURE_TRACKING_URI", mlflow)
    assert parser().parse_args(arguments()).mlflow == mlflow
    monkeypatch.setenv("TENURE_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
    assert parser().parse_args(arguments()).mlflow == mlflow


def test_a_registry_that_restarts_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = taken.getsockname()
    monkeypatch.setenv("TENURE_TRACKING_URI", f"http://{address[0]}:{address[1]}")
    monkeypatch.setenv("TENURE_TRACKING_PATIENCE_S", "30")
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

    def restart() -> None:
        time.sleep(0.3)
        with ThreadingHTTPServer(address, Handler) as server:
            server.handle_request()
            server.handle_request()

    server = threading.Thread(target=restart)
    server.start()
    with pytest.raises(SystemExit):
        main(arguments())
    server.join()
    assert [path.partition("?")[0] for path in paths] == [
        "/health",
        "/api/2.0/mlflow/model-versions/get-download-uri",
    ]


def test_an_error_of_the_rollout_is_the_step_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments())
    assert left.value.code == InputError.exit_status
    assert "the bundle's URI is unknown" in (logged_error(f"some warning\n{capsys.readouterr().err}") or "")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(SystemExit) as left:
        main(arguments())
    assert left.value.code == SourceError.exit_status
    told = logged_error(capsys.readouterr().err) or ""
    assert told.startswith("MLflow at http://127.0.0.1:9 cannot be reached")


@pytest.mark.parametrize(("given", "image"), [("tenure-rollout:4f2c1a9", "tenure-rollout:4f2c1a9"), (None, None)])
def test_the_graph_runs_it_in_the_image_of_the_rollout(tmp_path: Path, given: str | None, image: str | None) -> None:
    from components.image import ROLLOUT_IMAGE
    from pipelines.graphs.compilation import compile_training

    compile_training(cluster("tenure-pipeline:0123456", rollout_image=given), tmp_path / "training.yaml")
    document = next(yaml.safe_load_all((tmp_path / "training.yaml").read_text(encoding="utf-8")))
    images = {
        name.removeprefix("exec-"): each["container"]["image"]
        for name, each in document["deploymentSpec"]["executors"].items()
    }
    assert images.pop("deploy") == (image or ROLLOUT_IMAGE)
    assert set(images.values()) == {"tenure-pipeline:0123456"}
