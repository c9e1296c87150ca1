"""Shutdown and reload under load: every request that was sent is answered."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundle_variants import renamed
from load import Grpc, Load, Rest, wait_until
from server_process import command, started, texts, typed

from tenure.errors import InputError
from tenure.protocol import get_json, infer_request

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_under_load_loses_no_request(small_bundle: Any, tmp_path: Path, typed: dict, workers: str) -> None:
    document = infer_request({name: values[:1] for name, values in typed.items()})
    with started(small_bundle.folder, tmp_path / "log", "--workers", workers, "--drain-s", "2") as server:
        load = Load()
        load.start(6, lambda: Rest(server.http_port, document))
        load.start(2, lambda: Grpc(server.grpc_port, document))
        wait_until(lambda: load.answers.total() > 200)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        before = load.answers.total()
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=10)
        for path, status in (("/v2/models/telco/ready", 503), ("/v2/health/ready", 503), ("/v2/health/live", 200)):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert (path, response.status) == (path, status)
            assert response.getheader("connection") == "close"
        assert server.process.wait(timeout=40) == 0
        load.stop()
    assert load.lost == []
    assert load.answers["gone"] == 8, "every client was served until nothing listened any more"
    assert load.answers.total() > before, "answers went on after the signal"
    assert set(load.answers) == {"gone", server.ready["models"]["telco"]}


@pytest.mark.parametrize("options", [("--workers", "2"), ("--no-fast-route",)], ids=["two workers", "application"])
def test_sigterm_loses_no_request_of_a_client_that_pauses(
    small_bundle: Any, tmp_path: Path, typed: dict, options: tuple[str, ...]
) -> None:
    """Clients keep their connections idle for longer than the drain takes, and do not look whether they are closed."""
    document = infer_request({name: values[:1] for name, values in typed.items()})
    pauses = [0.0, 0.01, 0.2, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0]

    def pausing(pause_s: float, port: int) -> Callable[[], Callable[[], str]]:
        def client() -> Callable[[], str]:
            rest = Rest(port, document)

            def ask() -> str:
                time.sleep(pause_s)
                return rest()

            return ask

        return client

    with started(small_bundle.folder, tmp_path / "log", *options) as server:
        load = Load()
        for pause_s in pauses:
            load.start(3, pausing(pause_s, server.http_port))
        time.sleep(3.5)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=40) == 0
        load.stop()
    assert load.lost == []
    assert load.answers["gone"] == 3 * len(pauses), "every client was told that its connection would be closed"
    assert set(load.answers) == {"gone", server.ready["models"]["telco"]}


def test_reload_under_load(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    """Two workers and three versions, one of them invalid; the first is reloaded by watching, the others on SIGHUP."""
    document = infer_request({name: values[:1] for name, values in typed.items()})
    shutil.copytree(small_bundle.folder, tmp_path / "v1")
    second = renamed(small_bundle.folder, tmp_path / "v2", "x")
    third = renamed(small_bundle.folder, tmp_path / "v3", "xx")
    shutil.copytree(small_bundle.folder, tmp_path / "broken")
    (tmp_path / "broken" / "model.onnx").write_bytes(b"no model")
    link = tmp_path / "current"
    link.symlink_to("v1")

    def move(target: str) -> None:
        (tmp_path / "next").symlink_to(target)
        (tmp_path / "next").rename(link)

    with started(link, tmp_path / "log", "--workers", "2", "--watch-s", "0.2") as server:
        first = server.ready["models"]["telco"]
        load = Load()
        load.start(4, lambda: Rest(server.http_port, document))
        load.start(2, lambda: Grpc(server.grpc_port, document))
        wait_until(lambda: load.answers[first] > 50)
        with pytest.raises(InputError, match="status 404"):
            get_json(f"{server.url}/v2/models/telco/versions/{second}/ready", timeout_s=5)
        move("v2")
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="ok"} 2.0' in server.metrics())
        seen = load.answers[second]
        wait_until(lambda: load.answers[second] > seen + 50)
        move("broken")
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="failed"} 2.0' in server.metrics())
        assert get_json(f"{server.url}/v2/models/telco/versions/{second}/ready", timeout_s=5)["ready"] is True
        move("v3")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="ok"} 4.0' in server.metrics())
        # A worker that is told to end drains, while the other takes what is new; it is replaced by one that begins with
        # what is good now, not with what the first ones began with.
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        if children.exists():
            victim = children.read_text().split()[0]
            os.kill(int(victim), signal.SIGTERM)
            wait_until(lambda: victim not in children.read_text() and len(children.read_text().split()) == 2)
            time.sleep(2.5)
        load.stop()
        for _ in range(20):
            assert server.infer(document)["model_version"] == third
    assert load.lost == []
    assert set(load.answers) == {first, second, third}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    refused = [line for line in lines if line["message"].startswith("the new bundle is refused")]
    assert len(refused) == 2, "a line a worker"
    assert "model.onnx has 8 bytes" in refused[0]["reason"]
