"""A live request with events: one customer's 50 orders, from which the server computes eleven windows.

In the process by part, and served by the real server, beside a request with the windows ready made.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from benchmarks.table import Row, show
from components.check_serving.process import Running, model_server
from tenure.contract import Contract, load
from tenure.contract.sources import sources_of
from tenure.features.panel import panel
from tenure.features.tables import Tables
from tenure.intake.ingest import ingest

CDNOW = Path(__file__).resolve().parent.parent / "datasets" / "cdnow"
EVENTS = 50
AS_OF = "1998-04-01"
_SAMPLES = 200
_FIRST_DAY = date(1997, 1, 1)


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        contract = load(CDNOW)
        _write_bundle(contract, folder)
        _show_parts(folder / "bundle")
        _show_served(contract, folder / "bundle")


def instance(events: int) -> dict[str, Any]:
    """A customer with so many orders, a week apart or closer."""
    random = np.random.default_rng(1)
    days = np.sort(random.integers(0, 450, events))
    orders = [
        {"order_date": (_FIRST_DAY + timedelta(days=int(day))).isoformat(), "quantity": int(count), "amount": 14.5}
        for day, count in zip(days, random.integers(1, 9, events), strict=True)
    ]
    return {"customer_id": 17, "events": orders}


def _write_bundle(contract: Contract, folder: Path) -> None:
    """Fit a logistic regression on the panel, and write its bundle."""
    from tenure import bundle
    from tenure.tasks.churn.choose import choose_decision
    from tenure.training.export import export, margins
    from tenure.training.families import Rows, get
    from tenure.transform import fit, of_table

    ingest(contract, folder / "raw", CDNOW, dict(sources_of(contract)))
    rows = panel(contract, Tables.of_folder(contract, folder / "raw")).table
    transform = fit(contract, of_table(rows))
    matrix = transform.encode({name: rows[name] for name in transform.inputs}).matrix
    label = rows["_label"].to_numpy().astype(np.int8)
    family = get("logistic_regression")
    model = family.fit(Rows(matrix, label), family.default, seed=1, threads=1)
    exported = export(model.terms(), model.predict, matrix)
    decision = choose_decision(
        contract,
        margins(exported, matrix),
        model.predict(matrix),
        label,
        link="logit",
        base_rate=float(label.mean()),
        customers=len(label),
    )
    bundle.write(
        folder / "bundle",
        contract=contract,
        transform=transform,
        model=exported,
        decision=decision,
        profile={},
        family="logistic_regression",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )


def _show_parts(folder: Path) -> None:
    from serving.inference.model import ChurnModel
    from serving.tables.arrow import parsed
    from serving.v1.request import read_request
    from serving.v2.json_body import read_object
    from tenure import bundle
    from tenure.features.compute import compute

    model = ChurnModel("cdnow", bundle.read(folder))
    content = json.dumps({"instances": [instance(EVENTS)], "as_of": AS_OF}).encode()
    described = model.names.tables
    read = model.query(read_request(read_object(content, "instances"), model.names))
    if described is None or read.tables is None:
        raise RuntimeError("the model's inputs are computed from no tables")
    rows, zone = read.tables["events"], described.assembly.zone
    columns = {name: column for name, column in described.columns["events"].items() if name != "customer_id"}
    table = parsed(rows, columns, zone, "customer_id").table
    instant = 891_388_800_000_000
    found = model.computed(read)
    parts = {
        "body read, rows divided": _ms(
            lambda: model.query(read_request(read_object(content, "instances"), model.names))
        ),
        f"{EVENTS} rows parsed": _ms(lambda: parsed(rows, columns, zone, "customer_id")),
        f"{len(described.table_of)} windows computed": _ms(
            lambda: compute(described.assembly, {"events": table}, [instant])
        ),
        "the row predicted": _ms(lambda: model.predict_query(found)),
    }
    show(
        f"Processor's time of a request with {EVENTS} events, by part",
        [Row(name, f"{taken:.2f} ms", "") for name, taken in parts.items()],
    )


def _show_served(contract: Contract, folder: Path) -> None:
    with model_server(folder, contract.name, 60.0) as server:
        before = server.peak_memory_mb()
        ready = dict.fromkeys(contract.inputs, 1.0)
        plain = _latency(server, contract.name, {"instances": [ready]})
        with_ready = server.peak_memory_mb()
        first = _latency(server, contract.name, {"instances": [instance(EVENTS)], "as_of": AS_OF}, samples=1)
        events = _latency(server, contract.name, {"instances": [instance(EVENTS)], "as_of": AS_OF})
        many = _latency(
            server, contract.name, {"instances": [instance(EVENTS)] * 100, "as_of": AS_OF}, samples=_SAMPLES // 10
        )
        after = server.peak_memory_mb()
    rows = [
        Row("one row, windows ready made", f"{plain:.2f} ms", f"{with_ready - before:.0f} MB more"),
        Row(
            f"one customer, {EVENTS} events",
            f"{events:.2f} ms",
            f"{after - with_ready:.0f} MB more, {first:.0f} ms at first",
        ),
        Row(f"100 customers, {EVENTS} events each", f"{many:.1f} ms", f"{many / 100:.2f} ms a customer"),
    ]
    show(f"Latency (median) of a server of {before:.0f} MB", rows)


def _latency(server: Running, name: str, document: dict[str, Any], samples: int = _SAMPLES) -> float:
    """Median milliseconds of consecutive V1 requests."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    body = json.dumps(document)
    found = []
    for _ in range(samples):
        began = perf_counter()
        connection.request("POST", f"/v1/models/{name}:predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        found.append((perf_counter() - began) * 1e3)
        if response.status != 200:
            raise RuntimeError(content.decode())
    connection.close()
    return statistics.median(found)


def _ms(work: Callable[[], object]) -> float:
    """Median milliseconds of the processor."""
    found = []
    for _ in range(_SAMPLES):
        began = thread_time()
        work()
        found.append(thread_time() - began)
    return statistics.median(found) * 1e3
