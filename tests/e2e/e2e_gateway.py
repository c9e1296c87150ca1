"""Clients at the gateway: single requests, and a load that remembers every failure."""

from __future__ import annotations

import collections
import contextlib
import csv
import http.client
import itertools
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REQUEST_S = 15.0


class _NamedHTTPSConnection(http.client.HTTPSConnection):
    """HTTPS to ``address`` for the host ``name``, by which the gateway picks its certificate; it need not resolve."""

    def __init__(self, name: str, address: str, port: int | None, timeout: float) -> None:
        super().__init__(name, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


class Gateway:
    """V2 over REST, by host name as a client outside the cluster would."""

    def __init__(self, address: str, host: str, model: str) -> None:
        self._parts = urlsplit(address)
        self.host, self.model = host, model

    def connect(self) -> http.client.HTTPConnection:
        address, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return _NamedHTTPSConnection(self.host, address, port, REQUEST_S)
        return http.client.HTTPConnection(address, port, timeout=REQUEST_S)

    def send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, bytes]:
        headers = {"Host": self.host, "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def infer(self, body: dict[str, Any]) -> dict[str, Any]:
        """One prediction; fails the test on anything but 200."""
        with contextlib.closing(self.connect()) as connection:
            status, answer = self.send(connection, "POST", f"/v2/models/{self.model}/infer", json.dumps(body).encode())
        assert status == 200, (status, answer[:300])
        return json.loads(answer)

    def metadata(self) -> dict[str, Any]:
        with contextlib.closing(self.connect()) as connection:
            status, answer = self.send(connection, "GET", f"/v2/models/{self.model}")
        assert status == 200, (status, answer[:300])
        return json.loads(answer)


def customers(contract_folder: Path, inputs: list[str], count: int) -> list[dict[str, Any]]:
    """V2 bodies of one customer each, from the dataset's own sample."""
    table = next(contract_folder.glob("*.csv"))
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(itertools.islice(csv.DictReader(file), count))
    return [
        {"inputs": [{"name": name, "shape": [1], "datatype": "BYTES", "data": [row[name]]} for name in inputs]}
        for row in rows
    ]


def together(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """One request for all the customers of ``bodies``: work for the server, and little for who asks."""
    columns = zip(*(body["inputs"] for body in bodies), strict=True)
    return {
        "inputs": [
            {**column[0], "shape": [len(column)], "data": [value for part in column for value in part["data"]]}
            for column in columns
        ]
    }


@dataclass
class Outcome:
    """What a load saw: answers by model version, latencies in seconds, and every failure in words."""

    versions: collections.Counter[str] = field(default_factory=collections.Counter)
    latency_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.versions.total()

    def __str__(self) -> str:
        """One line for the test's output: what a reader of the report wants to know."""
        ordered = sorted(self.latency_s)
        p50, p99 = (ordered[int(share * len(ordered))] * 1000 if ordered else 0.0 for share in (0.5, 0.99))
        by_version = ", ".join(f"{version} {count}" for version, count in self.versions.most_common())
        return (
            f"{self.answered} answered ({by_version}), {len(self.failures)} failed; p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        )


class Load:
    """Connections that ask one customer after another, without retries, until told to stop."""

    def __init__(self, gateway: Gateway, bodies: list[dict[str, Any]], threads: int, pause_s: float = 0.0) -> None:
        self.outcome = Outcome()
        self._gateway, self._pause_s = gateway, pause_s
        self._bodies = [json.dumps(body).encode() for body in bodies]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(REQUEST_S + 5)
        print(f"load: {self.outcome}")

    def wait_for(self, requests: int, timeout_s: float) -> None:
        """Return once so many requests have been answered."""
        deadline = time.monotonic() + timeout_s
        while self.outcome.answered < requests:
            assert time.monotonic() < deadline, f"{self.outcome.answered} of {requests}; {self.outcome.failures[:3]}"
            time.sleep(0.1)

    def _ask(self, number: int) -> None:
        connection = self._gateway.connect()
        for body in itertools.islice(itertools.cycle(self._bodies), number, None):
            if self._stop.is_set():
                break
            began = time.monotonic()
            try:
                status, answer = self._gateway.send(connection, "POST", f"/v2/models/{self._gateway.model}/infer", body)
            except (OSError, http.client.HTTPException) as error:
                self._failed(f"{type(error).__name__}: {error}")
                connection.close()
                connection = self._gateway.connect()
                time.sleep(0.1)  # a gateway that is away must not be stormed
                continue
            took_s = time.monotonic() - began
            if status != 200:
                self._failed(f"{status}: {answer[:200].decode(errors='replace')}")
                continue
            version = json.loads(answer).get("model_version", "")
            with self._lock:
                self.outcome.versions[version] += 1
                self.outcome.latency_s.append(took_s)
            if self._pause_s:
                time.sleep(self._pause_s)
        connection.close()

    def _failed(self, words: str) -> None:
        with self._lock:
            self.outcome.failures.append(f"{time.strftime('%H:%M:%S')} {words}")


def until(what: str, check: Any, timeout_s: float, every_s: float = 2.0) -> Any:
    """The first true answer of ``check``; fails the test with ``what`` if there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(every_s)
