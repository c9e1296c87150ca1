"""The model server under steady load, while its bundle is replaced, one is broken, and a worker is killed.

Open-loop at 70 % of the capacity measured just before, over keep-alive connections: mostly single rows, some with
reasons, some of a hundred rows. Clients retry, as a prediction is idempotent: a request whose connection died with its
worker is sent again, and so is one that got a 503 (with a worker dead, the load exceeds the capacity).
``TENURE_SOAK_S`` sets the length: 60 seconds, 600 for a full run.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clients import Clients
from benchmarks.served_bundle import request, write_bundle
from benchmarks.table import Row, show

WORKERS = 2
CONNECTIONS = 16
CAPACITY_S = 6.0
SHARE = 0.7
RELOADS = 5


def main() -> None:
    """Run it; exits with 1 if a request was lost or refused, or if a reload did not happen."""
    seconds = float(os.environ.get("TENURE_SOAK_S", "60"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bundles(folder)
        with running(folder / "current", folder / "log") as (process, port):
            soak = Soak(process, port, folder, seconds)
            asyncio.run(soak.run())
    show("soak", soak.rows())
    if soak.faults():
        sys.exit(f"soak: {'; '.join(soak.faults())}")


def make_bundles(folder: Path) -> None:
    """``v1``, ``v2`` that predicts the same, ``broken``, and the link ``current``."""
    from tenure.bundle.files import describe, read_files, write_files
    from tenure.bundle.manifest import content_version

    write_bundle(folder / "v1")
    manifest, contents = read_files(folder / "v1")
    contents["profile.json"] += b"\n"
    files = {file: describe(content) for file, content in contents.items()}
    changes = {"files": files, "version": content_version(files)}
    write_files(folder / "v2", manifest.model_copy(update=changes), contents)
    (folder / "broken").mkdir()
    (folder / "current").symlink_to("v1")


@contextmanager
def running(bundle: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server as a process, and its port."""
    words = ["--model", f"telco={bundle}", "--host", "127.0.0.1", "--http-port", "0", "--no-grpc"]
    words += ["--workers", str(WORKERS), "--watch-s", "0.5", "--log-level", "error"]
    with log.open("wb") as errors:
        command = [sys.executable, "-m", "serving", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
    try:
        yield process, json.loads(process.stdout.readline() if process.stdout else b"")["http_port"]
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Soak:
    """One run and its results."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path, seconds: float) -> None:
        self._process, self._port, self._folder, self._seconds = process, port, folder, seconds
        self._clients = Clients(port, [json.dumps(body).encode() for body in _mix()], 4 * CONNECTIONS)
        self._memory: list[float] = []
        self._capacity = 0.0
        self._killed = 0
        self._reloads = ""

    async def run(self) -> None:
        self._capacity = await self._clients.capacity(CAPACITY_S, CONNECTIONS)
        self._clients.forget()
        watching = asyncio.create_task(self._watch_memory())
        disturbing = asyncio.create_task(self._disturb())
        await self._clients.load(SHARE * self._capacity, self._seconds)
        await disturbing
        watching.cancel()
        self._reloads = await self._count_reloads()

    async def _disturb(self) -> None:
        """Reloads over the whole time, a broken bundle before the last of them, a killed worker in the middle."""
        pause = self._seconds / (RELOADS + 2)
        for number in range(RELOADS):
            await asyncio.sleep(pause)
            if number == RELOADS // 2:
                os.kill(_children(self._process.pid)[0], signal.SIGKILL)
                self._killed += 1
            if number == RELOADS - 1:
                self._move("broken")
                await asyncio.sleep(pause / 2)
            self._move("v1" if number % 2 else "v2")

    def _move(self, target: str) -> None:
        (self._folder / "next").symlink_to(target)
        (self._folder / "next").rename(self._folder / "current")

    async def _watch_memory(self) -> None:
        """Of the workers together. What they share counts for each: their private part grows as they stop sharing."""
        while True:
            self._memory.append(sum(_resident_mib(pid) for pid in _children(self._process.pid)))
            await asyncio.sleep(0.5)

    async def _count_reloads(self) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        lines = (await reader.read(-1)).decode().splitlines()
        writer.close()
        counts = {line.split('outcome="')[1].split('"')[0]: line.rsplit(" ", 1)[1] for line in lines
                  if line.startswith("tenure_reloads_total{")}  # fmt: skip
        return ", ".join(f"{float(count):.0f} {outcome}" for outcome, count in sorted(counts.items()))

    def faults(self) -> list[str]:
        """The failures, in words."""
        refused = {name: count for name, count in self._clients.found.items() if name.startswith("status")}
        versions = len(self._clients.versions())
        return [
            *(f"{count} requests got {name}" for name, count in refused.items()),
            *([f"{self._clients.found['lost']} requests were lost"] if self._clients.found["lost"] else []),
            *([f"{versions} versions answered, not 2"] if versions != 2 else []),
        ]

    def rows(self) -> list[Row]:
        """The table."""
        asked = len(self._clients.latency_s) + self._clients.found["lost"]
        p50, p99 = (1000 * np.quantile(self._clients.latency_s, [0.5, 0.99])).tolist()
        # By then the worker that was killed has a successor that is as old as a tenth of the time.
        settled = self._memory[int(0.6 * len(self._memory)) :]
        part = max(1, len(settled) // 4)
        first, last = np.median(settled[:part]), np.median(settled[-part:])
        return [
            Row(
                "capacity, closed loop",
                f"{self._capacity:,.0f} requests/s",
                f"{WORKERS} workers, {CONNECTIONS} connections",
            ),
            Row("load, open loop", f"{asked / self._seconds:,.0f} requests/s", f"{self._seconds:g} s at {SHARE:.0%}"),
            Row("answered", f"{sum(self._clients.versions().values()):,} of {asked:,}", "all"),
            Row(
                "connections that died", f"{self._clients.found['again']}", f"{self._killed} worker killed; sent again"
            ),
            Row("told to come back", f"{self._clients.found['later']}", "503, while one worker does the work of two"),
            Row("reloads", self._reloads, f"{RELOADS} and a broken one, in each of {WORKERS} workers"),
            Row("latency", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {1000 * max(self._clients.latency_s):.0f} ms", ""),
            Row(
                "resident memory of the workers",
                f"{first:.0f} → {last:.0f} MiB",
                "medians of the fourth tenth from the end, and of the last",
            ),
        ]


def _mix() -> list[dict[str, Any]]:
    """Twenty requests: eighteen of a row, one with reasons, one of a hundred rows."""
    single = [request(1, start) for start in range(18)]
    bodies = [*single, {**request(1, 18), "parameters": {"explain": 3}}, request(100, 20)]
    return [bodies[number] for number in np.random.default_rng(1).permutation(len(bodies)).tolist()]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:  # it died just now
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
