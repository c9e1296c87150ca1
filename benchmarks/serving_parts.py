"""Where the processor's time of a request of one row goes: each part alone, and a connection without a socket, both in
this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np

from benchmarks.table import Row, show

TOGETHER = 16
"""Requests of one turn of the event loop, which the model predicts in one batch."""
TURNS, SAMPLES = 20, 100


class _Transport(asyncio.Transport):
    """A client that takes every answer at once."""

    def __init__(self, holder: socket.socket) -> None:
        super().__init__({"socket": holder, "peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})

    def write(self, data: Any) -> None:
        """Discard the answer."""

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


def show_parts(folder: Path, body: bytes, message: bytes, measured_us: dict[str, float]) -> None:
    """Show the parts of a request.

    Args:
        folder: the bundle.
        body, message: the request over REST and over gRPC.
        measured_us: time of the processor a request that a server of its own took, by ``REST`` and ``gRPC``.
    """
    from serving.kserve_import import import_kserve

    import_kserve()
    from serving.inference.model import ChurnModel
    from serving.observation.request_metrics import RequestMetrics
    from serving.v2.grpc_fields import divide
    from serving.v2.grpc_one_row import OneRowMessages
    from tenure import bundle

    loaded = bundle.read(folder)
    model = ChurnModel("telco", loaded)
    messages = OneRowMessages()
    query = model.one_row.read(body)
    assert query is not None  # noqa: S101 it is the usual request
    encoded = loaded.transform.encode(query.columns)
    matrix = np.concatenate([encoded.matrix] * TOGETHER)
    outputs = loaded.model.run(matrix)
    prediction = loaded.predict(query.columns)
    parts = {
        "JSON parsed, names and types checked": _us(lambda: model.one_row.read(body)),
        "row encoded": _us(lambda: loaded.transform.encode(query.columns)),
        f"model, {TOGETHER} rows together": _us(lambda: loaded.model.run(matrix)) / TOGETHER,
        "decision": _us(lambda: list(loaded.decision.predict_each("1", [encoded] * TOGETHER, outputs))) / TOGETHER,
        "answer written": _us(lambda: model.one_row_writer.write(prediction, "1")),
        "metrics": _us(partial(RequestMetrics().note, _answered(model, body))),
        "line of the log": asyncio.run(_line_us(_answered(model, body))),
    }
    whole, answered = asyncio.run(_without_socket(model, body))
    parts["call, admission, batch, breaker"] = answered - sum(parts.values())
    parts["HTTP: head, content, answer"] = whole - answered
    rows = [Row(name, f"{part:.1f} µs") for name, part in parts.items()]
    rows.append(Row("all of these: REST without a socket", f"{whole:.1f} µs"))
    rows.append(Row("a server of its own: REST", f"{measured_us['REST']:.0f} µs", "with sockets and the event loop"))
    read_us = _us(lambda: messages.read(divide(message)))  # type: ignore[arg-type]
    written_us = _us(lambda: model.one_row_message_writer.write(prediction, "1"))
    rows.append(Row("gRPC: message read, answer written", f"{read_us:.1f} µs, {written_us:.1f} µs"))
    rows.append(Row("a server of its own: gRPC", f"{measured_us['gRPC']:.0f} µs", "with HTTP/2, sockets, event loop"))
    rows.append(Row("model, one row alone", f"{_us(lambda: loaded.model.run(encoded.matrix)):.1f} µs"))
    show("Processor's time of a request of one row, by part", rows)


def _answered(model: Any, body: bytes) -> Any:
    """A request of one row, as observers get it."""
    from serving.inference.call import Call
    from serving.inference.job import Job
    from serving.observation import logs
    from serving.v2.exchange import V2Exchange

    call = Call("POST", "/v2/models/telco/infer", "telco", None, [], logs.take_or_make_id(None), "127.0.0.1")
    job = Job(call, V2Exchange(body, None), lambda _: None)
    job.model, job.query, job.code, job.took_s = model, model.one_row.read(body), 200, 0.001
    job.prediction = model.bundle.predict(job.query.columns)
    return job


async def _line_us(answered: Any) -> float:
    from serving.observation import logs
    from serving.observation.access_log import AccessLog

    logs.access.setLevel("INFO")
    log = AccessLog()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        return await _turns_us([partial(log.note, answered)] * TOGETHER)


def _us(work: Callable[[], object]) -> float:
    """Least microseconds of the processor that a call takes, over many samples of some calls."""
    found = []
    for _ in range(SAMPLES):
        began = thread_time()
        for _ in range(TURNS):
            work()
        found.append(thread_time() - began)
    return min(found) / TURNS * 1e6


async def _no_application(_scope: Any, _receive: Any, _send: Any) -> None:
    """The fast route answers without it."""


async def _without_socket(model: Any, body: bytes) -> tuple[float, float]:
    """Microseconds a request of a connection of the fast route, and of its answering alone, with a server's hooks."""
    import uvicorn
    from uvicorn.server import ServerState

    from serving.http.fast_route import FastConnection
    from serving.inference.answering import Answering
    from serving.inference.call import Call
    from serving.inference.models import Models
    from serving.lifecycle import arguments
    from serving.lifecycle.wiring import hooks
    from serving.listening.limits import ConnectionLimits
    from serving.observation import logs
    from serving.v2.exchange import V2Exchange

    logs.access.setLevel("INFO")
    models = Models()
    models.replace(model)
    answering = Answering(models, hooks(arguments.parse(["--model", "telco=x", "--slow-ms", "1000000"]), None))
    config = uvicorn.Config(_no_application, log_config=None, server_header=False, lifespan="off", ws="none")
    state, limits = ServerState(), ConnectionLimits(4096, 10.0)
    head = f"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    headers = [(b"host", b"x"), (b"content-length", str(len(body)).encode())]

    def answer() -> None:
        call = Call("POST", "/v2/models/telco/infer", "telco", None, headers, logs.take_or_make_id(None), "127.0.0.1")
        answering.admit(call)
        answering.answer(call, V2Exchange(body, None), lambda _: None)

    with socket.socket() as holder, Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        connections = []
        for _ in range(TOGETHER):
            made = FastConnection(
                config=config,
                server_state=state,
                app_state={},
                _loop=asyncio.get_running_loop(),
                limits=limits,
                answering=answering,
            )
            made.connection_made(_Transport(holder))
            connections.append(made)
        receives = [partial(connection.data_received, request) for connection in connections]
        whole = await _turns_us(receives)
        assert state.total_requests == SAMPLES * TURNS * TOGETHER  # noqa: S101 all were answered
        return whole, await _turns_us([answer] * TOGETHER)


async def _turns_us(work: Sequence[Callable[[], None]]) -> float:
    """Least microseconds of each of ``work``, all of which begin in one turn of the event loop."""
    found = []
    for _ in range(SAMPLES):
        began = thread_time()
        for _ in range(TURNS):
            for begin in work:
                begin()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        found.append(thread_time() - began)
    return min(found) / TURNS / len(work) * 1e6
