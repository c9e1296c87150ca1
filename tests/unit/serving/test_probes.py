"""Health and metrics are answered before the application, as it answers other requests."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from serving.http.probes import Probes
from serving.inference.dataplane import DataPlane
from serving.inference.model import ChurnModel
from serving.inference.models import Models
from tenure.bundle import read


class Server:
    """Asks ``Probes`` before an application that answers 418."""

    def __init__(self, bundle: Any) -> None:
        models = Models()
        models.replace(ChurnModel("telco", bundle))
        self.version = bundle.version
        self.dataplane = DataPlane(models)

    def ask(self, path: str, method: str = "GET") -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[Any] = []

        async def app(_: Any, __: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": path, "method": method, "headers": []}
        asyncio.run(Probes(app, self.dataplane)(scope, None, send))  # type: ignore[arg-type]
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.fixture
def server(small_bundle: Any) -> Server:
    return Server(read(small_bundle.folder))


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready/", {"ready": True}),
        ("/v2/models/telco/ready", {"name": "telco", "ready": True}),
        ("/v2/models/telco/versions/{version}/ready", {"name": "telco", "ready": True}),
    ],
)
def test_health(server: Server, path: str, state: dict[str, Any]) -> None:
    status, headers, content = server.ask(path.format(version=server.version))
    assert (status, json.loads(content)) == (200, state)
    assert headers == {b"content-type": b"application/json", b"content-length": b"%d" % len(content)}


@pytest.mark.parametrize("path", ["/v2/health/ready", "/v2/models/telco/ready"])
def test_nothing_is_ready_while_the_server_drains(server: Server, path: str) -> None:
    server.dataplane.drain()
    status, _, content = server.ask(path)
    assert status == 503
    assert "the server is stopping" in json.loads(content)["error"]
    assert server.ask("/v2/health/live")[0] == 200


@pytest.mark.parametrize("path", ["/v2/models/other/ready", "/v2/models/telco/versions/9/ready"])
def test_an_unknown_model(server: Server, path: str) -> None:
    status, _, content = server.ask(path)
    assert status == 404
    assert json.loads(content)["error"].startswith(("no model 'other'", "model 'telco' has version"))


def test_metrics(server: Server) -> None:
    status, headers, content = server.ask("/metrics")
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/plain")
    assert b"tenure_model_info" in content


@pytest.mark.parametrize("path", ["/metrics", "/v2/health/live", "/v2/models/telco/ready"])
def test_other_methods(server: Server, path: str) -> None:
    assert server.ask(path, "HEAD")[0] == 200
    assert server.ask(path, "OPTIONS")[:2] == (204, {b"allow": b"GET, HEAD, OPTIONS"})
    status, headers, content = server.ask(path, "POST")
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD, OPTIONS")
    assert json.loads(content) == {"error": "Method Not Allowed"}


@pytest.mark.parametrize("path", ["/v2/models/telco", "/v2/health", "/v2/models/a/b/ready", "/metrics//", "/"])
def test_every_other_path_is_the_applications(server: Server, path: str) -> None:
    assert server.ask(path)[0] == 418
