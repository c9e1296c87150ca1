"""Serves a bundle by the real model server, and checks its predictions and the contract's limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from components.check_serving.process import model_server
from components.check_serving.replay import REASONS, Compared, replay
from components.check_serving.replay_tables import Replayed, read_tables, replay_tables
from components.check_serving.rows import read_rows
from tenure.atomic import write_text
from tenure.bundle import read
from tenure.contract import Contract, parse
from tenure.errors import ServingError
from tenure.progress import progress
from tenure.tasks import get

MIN_ROWS = 500
MAX_ROWS = 2_000
TOLERANCE = 1e-6
"""Largest difference between the server's and the offline probability; of values, relative to the largest value."""


def run(contract: str, bundle: Path, features: Path, valid: Path, serving: Path) -> dict[str, Any]:
    """Start the model server on a bundle, replay rows of the test part, and compare the predictions.

    Inputs:
        contract: the contract, YAML text; its section ``serving`` contains the limits.
        bundle: the candidate's bundle.
        features: output folder of feature; read: ``test.parquet``. Fewer than 500 rows are repeated.
        valid: output folder of validate; read: the tables from which inputs are computed, if they are.

    Outputs:
        serving: serving.json, the measurements, the limits, and the failures.

    Returns:
        The measurements to display.

    Raises:
        ServingError: the server does not start or respond, its predictions differ from offline ones, or it exceeds a
            limit. ``serving.json`` is written in the last two cases.
        BundleError: the bundle is invalid.
        DataError, StorageError: the rows cannot be read.
    """
    agreed = parse(contract)
    loaded = read(bundle)
    columns = read_rows(features / "test.parquet", agreed, MIN_ROWS, MAX_ROWS)
    offline = loaded.predict(columns, explain=REASONS)
    tables = None if agreed.assembly is None else read_tables(loaded, features, valid)
    limits = agreed.serving
    progress("starting the model server")
    with model_server(bundle, agreed.name, limits.max_start_s) as server:
        progress(f"the model server is ready after {server.start_s:.1f} s")
        found = replay(server, agreed.name, agreed, columns, offline)
        computed = None if tables is None else replay_tables(server, agreed.name, agreed, tables)
        memory_mb = server.peak_memory_mb()
    document = _document(loaded.version, found, server.start_s, memory_mb, agreed)
    if tables is not None and computed is not None:
        _add_tables(document, tables, computed, agreed)
    serving.parent.mkdir(parents=True, exist_ok=True)
    write_text(serving, json.dumps(document, indent=1) + "\n")
    if document["failures"]:
        raise ServingError("; ".join(document["failures"]))
    shown = ("rows", "max_difference", "p99_ms", "memory_mb", "start_s")
    return {name: document[name] for name in shown}


def _add_tables(document: dict[str, Any], tables: Replayed, found: Compared, contract: Contract) -> None:
    """Add what was found of predictions from the rows of tables."""
    document["tables"] = {
        "as_of": tables.as_of,
        "customers": len(tables.sent),
        "rows": tables.sent.rows,
        "max_difference": found.max_difference,
        "different_decisions": found.different_decisions,
        "different_bands": found.different_bands,
        "p50_ms": round(float(np.median(found.latency_ms)), 3),
    }
    if not found.max_difference <= TOLERANCE:
        document["failures"].append(
            f"{get(contract.task).outputs.noun} from the rows of tables as of {tables.as_of} differ from those of the "
            f"training panel by up to {found.max_difference:.2g}, {TOLERANCE:g} is allowed"
        )
    for number, what in ((found.different_decisions, "decisions"), (found.different_bands, "risk bands")):
        if number:
            document["failures"].append(f"{number} {what} from the rows of tables differ from those of the panel")


def _document(version: str, found: Compared, start_s: float, memory_mb: float, contract: Contract) -> dict[str, Any]:
    limits = contract.serving
    p50_ms, p99_ms = (float(value) for value in np.percentile(found.latency_ms, [50, 99]))
    failures = [
        message
        for failed, message in [
            (
                not found.max_difference <= TOLERANCE,
                f"{get(contract.task).outputs.noun} differ from offline ones by up to {found.max_difference:.2g},"
                f" {TOLERANCE:g} is allowed",
            ),
            (found.different_decisions, f"{found.different_decisions} decisions differ from offline ones"),
            (found.different_bands, f"{found.different_bands} risk bands differ from offline ones"),
            (found.different_reasons, f"the reasons of {found.different_reasons} rows differ from offline ones"),
            (
                p99_ms > limits.max_p99_ms,
                f"one row takes {p99_ms:.1f} ms (p99), the contract allows {limits.max_p99_ms:g}",
            ),
            (
                memory_mb > limits.max_memory_mb,
                f"the model server takes {memory_mb:.0f} MB, the contract allows {limits.max_memory_mb:g}",
            ),
        ]
        if failed
    ]
    return {
        "bundle_version": version,
        "rows": found.rows,
        "rows_grpc": found.rows_grpc,
        "rows_single": len(found.latency_ms),
        "max_difference": found.max_difference,
        "different_decisions": found.different_decisions,
        "different_bands": found.different_bands,
        "different_reasons": found.different_reasons,
        "p50_ms": round(p50_ms, 3),
        "p99_ms": round(p99_ms, 3),
        "memory_mb": round(memory_mb, 1),
        "start_s": round(start_s, 2),
        "limits": limits.model_dump(mode="json") | {"max_difference": TOLERANCE},
        "failures": failures,
    }
