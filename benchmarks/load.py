"""Load on a server: closed loop by wrk, or by this file where there is none; open loop; gRPC.

``python -m benchmarks.load …`` runs one of them in a process of its own, so that it has a core of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np

LOAD_CORE = "1"
_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("%s", "rb")
wrk.body = file:read("*a")
file:close()
"""


@dataclass(frozen=True)
class Load:
    """The outcome of a load."""

    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int


def closed_loop(url: str, body: Path, connections: int, seconds: float) -> Load:
    """Load of several connections, each of which sends its next request as soon as the last is answered."""
    if shutil.which("wrk") is None:
        return _of_process("http", url, body, connections, seconds)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % body)
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--latency",
            "-s",
            script.name,
            url,
        ]
        text = subprocess.run(["taskset", "-c", LOAD_CORE, *command], capture_output=True, text=True, check=True).stdout
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        requests=int(_found(r"(\d+) requests in", text)),
        per_s=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50_ms=_ms(_found(r"(?m)^ +50% +(\S+)", text)),
        p99_ms=_ms(_found(r"(?m)^ +99% +(\S+)", text)),
        errors=int(errors.group(1)) if errors else 0,
    )


def open_loop(url: str, body: Path, rate_per_s: float, seconds: float) -> Load:
    """Requests at fixed times, whether or not earlier ones are answered; latency counts from those times."""
    return _of_process("http", url, body, 64, seconds, rate_per_s=rate_per_s)


def grpc_loop(address: str, message: Path, connections: int, seconds: float) -> Load:
    """So many calls at a time over one channel; ``message`` is a serialized ``ModelInferRequest``."""
    return _of_process("grpc", address, message, connections, seconds)


def _of_process(
    kind: str, address: str, body: Path, connections: int, seconds: float, *, rate_per_s: float = 0.0
) -> Load:
    arguments = [kind, address, str(body), str(connections), str(seconds), str(rate_per_s)]
    command = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "benchmarks.load", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return Load(**json.loads(done.stdout))


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said:\n{text}")
    return match.group(1)


def _ms(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise SystemExit(f"wrk gave the time {text}")


Ask = Callable[[], Awaitable[bool]]


async def _drive(asks: list[Ask], seconds: float, rate_per_s: float) -> Load:
    took: list[float] = []
    errors = 0
    start = perf_counter()
    # In an open loop every turn is taken, however late: what a server that stalls makes wait counts.
    turn = iter(range(round(rate_per_s * seconds)))

    async def one(ask: Ask) -> None:
        nonlocal errors
        while perf_counter() - start < seconds:
            due = perf_counter()
            errors += not await ask()
            took.append(perf_counter() - due)

    async def in_turn(ask: Ask) -> None:
        nonlocal errors
        for number in turn:
            due = start + number / rate_per_s
            await asyncio.sleep(max(0.0, due - perf_counter()))
            errors += not await ask()
            took.append(perf_counter() - due)

    await asyncio.gather(*((in_turn if rate_per_s else one)(ask) for ask in asks))
    whole_s = perf_counter() - start
    p50, p99 = np.percentile(np.array(took) * 1000, [50, 99]).tolist()
    return Load(len(took), len(took) / whole_s, p50, p99, errors)


async def _http(url: str, body: bytes, connections: int) -> list[Ask]:
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    request = "\r\n".join([*lines, "", ""]).encode() + body

    async def connect() -> Ask:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)

        async def ask() -> bool:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            await reader.readexactly(int(length.group(1)) if length else 0)
            return answer.startswith(b"HTTP/1.1 200")

        return ask

    return [await connect() for _ in range(connections)]


async def _grpc(address: str, message: bytes, connections: int) -> list[Ask]:
    import grpc

    call = grpc.aio.insecure_channel(address).unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)

    async def ask() -> bool:
        try:
            return bool(await call(message, timeout=30))
        except grpc.RpcError:
            return False

    return [ask] * connections


async def _main(given: argparse.Namespace) -> None:
    make = _http if given.kind == "http" else _grpc
    asks = await make(given.address, given.body.read_bytes(), given.connections)
    print(json.dumps((await _drive(asks, given.seconds, given.rate_per_s)).__dict__))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["http", "grpc"])
    parser.add_argument("address")
    parser.add_argument("body", type=Path)
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("rate_per_s", type=float)
    asyncio.run(_main(parser.parse_args()))
