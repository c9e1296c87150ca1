"""A server that is measured beside others: on a core of its own, stopped (SIGSTOP) while others are measured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.load import Load, closed_loop, grpc_loop, open_loop

SERVER_CORE = "0"
START_S = 120.0


@dataclass
class Server:
    """A server of its own process."""

    name: str
    command: list[str]
    http_port: int
    grpc_port: int
    body: Path
    message: Path | None = None
    environment: dict[str, str] | None = None
    path = "/v2/models/telco/infer"
    cold_start_s: float = 0.0
    start_cpu_s: float = 0.0
    """Of the processor, until the first answer: what other work on the machine does not change."""
    start_rss_mb: float = 0.0
    loads: dict[str, list[Load]] = field(default_factory=dict)
    cpu_us: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}{self.path}"

    def start(self, cores: str = SERVER_CORE) -> None:
        """Start it, and wait for the first answer that is one."""
        began = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", cores, *self.command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        while time.perf_counter() - began < START_S and self.process.poll() is None:
            with contextlib.suppress(OSError):
                connection = HTTPConnection("127.0.0.1", self.http_port, timeout=5)
                connection.request("POST", self.path, self.body.read_bytes(), {"Content-Type": "application/json"})
                if connection.getresponse().status == 200:
                    self.cold_start_s, self.start_cpu_s = time.perf_counter() - began, self.processor_s()
                    self.start_rss_mb = self.rss_mb()
                    return
            time.sleep(0.02)
        raise SystemExit(f"{self.name} does not answer: {' '.join(self.command)}")

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """For as long as it is measured."""
        os.kill(self.process.pid, signal.SIGCONT)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGSTOP)

    def stop(self) -> None:
        if hasattr(self, "process"):
            os.kill(self.process.pid, signal.SIGCONT)
            self.process.terminate()
            self.process.wait(timeout=60)
            del self.process

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, what: str, seconds: float) -> None:
        """Put one kind of load on it: so many connections, ``open`` with a rate, or ``gRPC 16``."""
        before = self.processor_s()
        if what == "gRPC 16":
            if self.message is None:
                return
            load = grpc_loop(f"127.0.0.1:{self.grpc_port}", self.message, 16, seconds)
        elif what.startswith("open"):
            load = open_loop(self.url, self.body, float(what.split()[1]), seconds)
        else:
            load = closed_loop(self.url, self.body, int(what), seconds)
        if load.errors:
            raise SystemExit(f"{self.name}, {what}: {load.errors} of {load.requests} requests failed")
        self.loads.setdefault(what, []).append(load)
        self.cpu_us.setdefault(what, []).append((self.processor_s() - before) / load.requests * 1e6)
