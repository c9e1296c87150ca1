"""A request of a thousand rows in JSON against the kernel alone, and where its time goes."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

from benchmarks.load import closed_loop
from benchmarks.peers.server import Server
from benchmarks.served_bundle import request_body
from benchmarks.table import Row, show

_SAMPLES = 40


def show_batches(folder: Path, ours: Server, seconds: float) -> None:
    """Show the processor's time of a request of 1,000 rows, in the server and by part.

    Args:
        folder: of the bundle and of the body that is sent.
        ours: the server, which is started and stopped.
        seconds: of load.
    """
    from serving.kserve_import import import_kserve

    import_kserve()
    from serving.inference.model import ChurnModel
    from serving.v2 import rest
    from serving.v2.answer import output_tensors
    from serving.v2.json_body import parsed_bytes, read_object
    from tenure import bundle

    loaded = bundle.read(folder / "bundle")
    model = ChurnModel("telco", loaded)
    body = folder / "thousand.json"
    body.write_bytes(request_body(1000))
    content = body.read_bytes()
    ours.start()
    closed_loop(ours.url, body, 1, seconds)
    began = ours.processor_s()
    load = closed_loop(ours.url, body, 1, seconds)
    served_us = (ours.processor_s() - began) / load.requests * 1e6
    ours.stop()

    def parsed() -> dict[str, Any]:
        return read_object(content, "inputs")

    def columns() -> Any:
        return model.query(rest.read_request(rest.read_body(content, None))[0]).columns

    kept = columns()
    encoded = loaded.transform.encode(kept)
    outputs = loaded.model.run(encoded.matrix)
    prediction = loaded.predict(kept)
    # Each part gets new values: a text is hashed when it is looked up for the first time.
    parts = {
        "kernel": _us(lambda: None, lambda _: loaded.model.run(encoded.matrix)),
        "memory counted": _us(lambda: None, lambda _: parsed_bytes(content)),
        "JSON parsed": _us(lambda: None, lambda _: parsed()),
        "names and types checked": _us(
            lambda: rest.read_body(content, None), lambda body: model.query(rest.read_request(body)[0])
        ),
        "columns encoded": _us(columns, loaded.transform.encode),
        "decision": _us(lambda: None, lambda _: loaded.decision.predict("1", encoded, outputs)),
        "answer written": _us(
            lambda: None,
            lambda _: rest.write_answer("telco", "1", "1", output_tensors(prediction, 0, None), frozenset()),
        ),
    }
    parts["values given back, thread, sockets, metrics, log"] = served_us - sum(parts.values())
    parts["served"] = served_us
    parts["Bundle.predict, repeated"] = _us(lambda: None, lambda _: loaded.predict(kept))
    parts["served: latency"] = load.p50_ms * 1e3
    rows = [
        Row(name, f"{part / 1e3:.2f} ms", f"{part / parts['kernel']:.2f} × the kernel") for name, part in parts.items()
    ]
    show("Processor's time of a request of 1,000 rows in JSON", rows)


def _us(prepare: Callable[[], Any], work: Callable[[Any], object]) -> float:
    """Median microseconds of the processor that ``work`` takes of what ``prepare`` makes."""
    found = []
    for _ in range(_SAMPLES):
        made = prepare()
        began = thread_time()
        work(made)
        found.append(thread_time() - began)
    return statistics.median(found) * 1e6
