"""The model server as a process, and rows for requests. Tests import the fixtures."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure import bundle
from tenure.protocol import post_json

START_S = 90.0


class Server:
    """A running server and its output."""

    def __init__(self, process: subprocess.Popen, ready: dict[str, Any], log: Path) -> None:
        self.process = process
        self.http_port, self.grpc_port = ready["http_port"], ready["grpc_port"]
        self.ready = ready
        self.log = log
        self.url = f"http://127.0.0.1:{self.http_port}"

    def infer(self, document: dict[str, Any]) -> dict[str, Any]:
        return post_json(f"{self.url}/v2/models/telco/infer", document, timeout_s=20)

    def send(self, body: bytes, headers: dict[str, str] | None = None, path: str = "infer") -> tuple[int, bytes, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        connection.request("POST", f"/v2/models/telco/{path}", body, headers or {"Content-Type": "application/json"})
        response = connection.getresponse()
        found = response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        return found

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=20) as response:
            return response.read().decode()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "serving", "--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", *arguments]


@contextlib.contextmanager
def started(folder: Path, log: Path, *arguments: str) -> Iterator[Server]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command("--model", f"telco={folder}", *arguments), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
        watchdog.cancel()
        assert line, log.read_text()
        yield Server(process, json.loads(line), log)
    finally:
        watchdog.cancel()
        process.terminate()
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def server(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(small_bundle.folder, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def offline(small_bundle: Any) -> bundle.Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture(scope="module")
def texts(small_bundle: Any) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:20] for name in small_bundle.rows.column_names}


@pytest.fixture(scope="module")
def typed(texts: dict[str, list]) -> dict[str, list]:
    """The inputs as a client with typed columns sends them."""
    columns: dict[str, list] = {}
    for name, values in texts.items():
        if name in ("customerID", "gender", "Churn"):
            continue
        if name in ("MonthlyCharges", "TotalCharges"):
            columns[name] = [float(value) if value.strip() else None for value in values]
        elif name == "tenure":
            columns[name] = [int(value) for value in values]
        elif name in ("SeniorCitizen", "Partner", "Dependents", "PhoneService", "PaperlessBilling"):
            columns[name] = [value in ("1", "Yes") for value in values]
        else:
            columns[name] = values
    return columns
