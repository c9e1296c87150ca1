"""The model server beside stock KServe and MLServer, both with XGBoost, and bare uvicorn: requests, latency, memory,
cold start.

The server runs on core 0 and the load on core 1; the other servers are stopped (SIGSTOP) meanwhile. Every round
measures all of them, in another order each time; ratios are the median over rounds of the ratios within a round. Ours
takes 19 raw columns with texts and answers with derived features, calibration, decision and metrics; stock and
MLServer take 54 floats. Latency in the open loop counts from when a request is due, and every request is made.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load import closed_loop
from benchmarks.peers import mlserver
from benchmarks.peers.server import Server
from benchmarks.served_bundle import DEPTH, TREES, request_body, write_bundle
from benchmarks.serving_batch import show_batches
from benchmarks.serving_parts import show_parts
from benchmarks.table import Row, show

ROUNDS, SECONDS = 5, 2.0
CONNECTIONS = (1, 16, 64)
FLOATS = 54


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = _servers(Path(folder))
        try:
            for server in servers:
                server.start()
                os.kill(server.process.pid, signal.SIGSTOP)
            _rounds(servers)
            _show(servers)
        finally:
            for server in servers:
                server.stop()
        ours = servers[0]
        measured_us = {
            "REST": statistics.median(ours.cpu_us["16"]),
            "gRPC": statistics.median(ours.cpu_us["gRPC 16"]),
        }
        message = (Path(folder) / "raw.pb").read_bytes()
        show_parts(Path(folder) / "bundle", ours.body.read_bytes(), message, measured_us)
        show_batches(Path(folder), servers[0], SECONDS)
        _show_workers(servers[0])


def _rounds(servers: list[Server]) -> None:
    kinds = [*map(str, CONNECTIONS), "open 200", "gRPC 16"]
    for number in range(ROUNDS + 1):
        for what in kinds:
            for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                with server.awake():
                    server.measure(what, SECONDS)
        if number == 0:  # to warm up
            for server in servers:
                server.loads.clear()
                server.cpu_us.clear()


def _show(servers: list[Server]) -> None:
    stock = next(server for server in servers if server.name.startswith("stock"))
    rows = []
    for server in servers:
        began = f"{server.cold_start_s:.1f} s, {server.start_cpu_s:.1f} s of the processor"
        rows.append(Row(f"{server.name}: cold start", began))
        rows.append(
            Row(f"{server.name}: RSS", f"{server.start_rss_mb:.0f} MB, {server.rss_mb():.0f} MB after all loads")
        )
        for what, loads in server.loads.items():
            per_s, p50, p99 = (
                statistics.median(getattr(load, of) for load in loads) for of in ("per_s", "p50_ms", "p99_ms")
            )
            cpu = statistics.median(server.cpu_us[what])
            figure = f"{per_s:,.0f}/s, p50 {p50:.2f} ms, p99 {p99:.1f} ms, processor {cpu:.0f} µs a request"
            against = _against(server, stock, what)
            rows.append(Row(f"{server.name}: {_named(what)}", figure, against))
    show(f"Serving one row: {TREES} trees of depth {DEPTH}, one worker, {ROUNDS} rounds of {SECONDS:.0f} s", rows)


def _against(server: Server, stock: Server, what: str) -> str:
    """In requests a second, and a processor's second; the latter holds on a busy machine too."""
    if what.startswith("open") or what not in stock.loads:
        return ""
    pairs = zip(server.loads[what], stock.loads[what], strict=True)
    ratio = statistics.median(ours.per_s / theirs.per_s for ours, theirs in pairs)
    spent = zip(server.cpu_us[what], stock.cpu_us[what], strict=True)
    by_processor = statistics.median(theirs / ours for ours, theirs in spent)
    return f"{ratio:.1f} × stock, {by_processor:.1f} × by processor"


def _named(what: str) -> str:
    if what.startswith("open"):
        return f"{what.removeprefix('open ')} requests a second, open loop"
    return what if " " in what else f"{what} connections"


def _show_workers(ours: Server) -> None:
    """One and two workers on the same two cores, which the load takes a part of."""
    rates = {}
    command = ours.command
    for workers in (1, 2):
        ours.command = [*command, "--workers", str(workers)]
        ours.start("0,1")
        rates[workers] = statistics.median(closed_loop(ours.url, ours.body, 64, SECONDS).per_s for _ in range(3))
        ours.stop()
    ours.command = command
    rows = [Row(f"{workers} worker{'s' * (workers > 1)}", f"{rate:,.0f}/s") for workers, rate in rates.items()]
    show("Workers, load on the same two cores", [*rows, Row("ratio", f"{rates[2] / rates[1]:.2f}")])


def _servers(folder: Path) -> list[Server]:
    write_bundle(folder / "bundle")
    _write_booster(folder / "model.ubj")
    raw, floats = folder / "raw.json", folder / "floats.json"
    raw.write_bytes(request_body(1))
    row = np.random.default_rng(7).normal(size=FLOATS).astype(np.float32)
    tensor = {"name": "input", "shape": [1, FLOATS], "datatype": "FP32", "data": row.tolist()}
    floats.write_text(json.dumps({"inputs": [tensor]}))
    ports = _free_ports(9)
    ours = [sys.executable, "-m", "serving", "--model", f"telco={folder / 'bundle'}", "--host", "127.0.0.1"]
    stock = [sys.executable, "-m", "benchmarks.peers.stock_kserve", str(folder / "model.ubj")]
    raw_message = _message(json.loads(raw.read_bytes()), folder / "raw.pb")
    float_message = _message(json.loads(floats.read_bytes()), folder / "floats.pb")
    at = [*ours, "--http-port", str(ports[0]), "--grpc-port", str(ports[1])]
    return [
        Server("ours", at, ports[0], ports[1], raw, raw_message),
        Server(
            "ours, KServe's route",
            [*ours, "--no-fast-route", "--no-grpc", "--http-port", str(ports[2])],
            ports[2],
            0,
            raw,
        ),
        Server("stock KServe", [*stock, str(ports[3]), str(ports[4])], ports[3], ports[4], floats, float_message),
        Server(
            "bare uvicorn, constant answer",
            [sys.executable, "-m", "benchmarks.peers.bare_uvicorn", str(ports[5])],
            ports[5],
            0,
            raw,
        ),
        *_mlserver(folder, floats, float_message, ports[6:]),
    ]


def _mlserver(folder: Path, body: Path, message: Path, ports: list[int]) -> list[Server]:
    try:
        command = mlserver.install()
    except mlserver.NotInstalledError as why:
        print(f"MLServer is left out, it cannot be installed: {why}")
        return []
    mlserver.prepare(folder / "mlserver", folder / "model.ubj", *ports)
    start = [str(command), "start", str(folder / "mlserver")]
    return [Server("MLServer", start, ports[0], ports[1], body, message, mlserver.one_thread())]


def _write_booster(path: Path) -> None:
    import xgboost

    random = np.random.default_rng(7)
    matrix = random.normal(size=(7_000, FLOATS)).astype(np.float32)
    label = (matrix[:, :5].sum(axis=1) + random.logistic(size=len(matrix)) > 0).astype(np.float64)
    settings = {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 1}
    xgboost.train(settings, xgboost.QuantileDMatrix(matrix, label, nthread=1), TREES).save_model(path)


def _message(document: dict[str, Any], path: Path) -> Path:
    from kserve import InferInput, InferRequest

    inputs = [
        InferInput(entry["name"], entry["shape"], entry["datatype"], entry["data"]) for entry in document["inputs"]
    ]
    path.write_bytes(InferRequest("telco", inputs).to_grpc().SerializeToString())
    return path


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports
