"""The end-to-end tests' own clients reach gateways that are not kind's: load balancers, TLS, ports left out."""

from __future__ import annotations

import http.server
import importlib
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from certificates import write_pair
from manifests import ROOT


@pytest.fixture
def load_module(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "e2e"))
    return importlib.import_module


@pytest.fixture
def e2e_gateway(load_module) -> ModuleType:
    return load_module("e2e_gateway")


class Metadata(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"host": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def https_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str | None]]]:
    """Address of a server whose certificate is of ``localhost``, and the names that clients asked for."""
    certificate, key = write_pair(tmp_path, "gateway")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_load_balancer_s_address_is_asked_for_the_service_s_certificate(
    e2e_gateway: ModuleType, https_gateway: tuple[str, list[str | None]]
) -> None:
    address, asked = https_gateway
    assert e2e_gateway.Gateway(address, "localhost", "churn").metadata() == {"host": "localhost"}
    assert asked == ["localhost"]


def test_another_s_certificate_is_refused(e2e_gateway: ModuleType, https_gateway: tuple[str, list[str | None]]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        e2e_gateway.Gateway(https_gateway[0], "churn-tenure.example.com", "churn").metadata()


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ("http://192.0.2.7", "192.0.2.7:80"),
        ("https://churn.example.com/", "churn.example.com:443"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://[2001:db8::1]", "[2001:db8::1]:80"),
    ],
)
def test_grpc_takes_the_gateway_s_port(
    load_module, monkeypatch: pytest.MonkeyPatch, gateway: str, expected: str
) -> None:
    settings = load_module("e2e_settings")
    monkeypatch.setenv("TENURE_E2E_GATEWAY", gateway)
    monkeypatch.delenv("TENURE_E2E_GRPC_GATEWAY", raising=False)
    assert settings.from_environment().grpc_gateway == expected
    monkeypatch.setenv("TENURE_E2E_GRPC_GATEWAY", "grpc.example.com:9000")
    assert settings.from_environment().grpc_gateway == "grpc.example.com:9000"


def test_customers_together_are_the_same_customers(e2e_gateway: ModuleType) -> None:
    bodies = e2e_gateway.customers(ROOT / "datasets" / "telco", ["tenure", "Contract"], 3)
    joined = e2e_gateway.together(bodies)
    assert [column["name"] for column in joined["inputs"]] == ["tenure", "Contract"]
    for place, column in enumerate(joined["inputs"]):
        assert column["shape"] == [3]
        assert column["data"] == [body["inputs"][place]["data"][0] for body in bodies]
