"""29 window features as of six cuts: each engine against DuckDB's SQL on the same Parquet file, a process each.

``TENURE_BENCH_EVENTS`` (default ``1000000,10000000``) names the numbers of events, ``TENURE_BENCH_CUTS`` (6) the cuts.
The file of 100 million events takes 3 GB of disk; ``TENURE_BENCH_FOLDER`` names where files are kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.event_features import ENGINES, write_events
from benchmarks.table import Row, show

SIZES = tuple(int(size) for size in os.environ.get("TENURE_BENCH_EVENTS", "1000000,10000000").split(","))
TARGETS = {1_000_000: "≤ 0.7; < 150 MiB", 10_000_000: "≤ 0.7", 100_000_000: "< 4,096 MiB"}
TOLERANCE = 1e-9


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.environ.get("TENURE_BENCH_FOLDER", temporary))
        rows = [row for size in SIZES for row in _of_size(size, folder)]
    show("Features as of cuts: processor seconds and peak memory above the imports, by events and engine", rows)


def _of_size(size: int, folder: Path) -> list[Row]:
    file = folder / f"events-{size}.parquet"
    if not file.exists():
        write_events(file, size)
    found = {engine: _measured(engine, file) for engine in ENGINES}
    reference = found["sql"]
    rows = []
    for engine, measured in found.items():
        _compare(measured, reference)
        ratio = measured["cpu_s"] / reference["cpu_s"]
        value = f"{measured['cpu_s']:,.1f} s, {ratio:.2f} × SQL, peak {measured['peak_mib']:,.0f} MiB"
        against = "" if engine == "sql" else TARGETS.get(size, "")
        rows.append(Row(f"{size:,} events, {engine}", f"{value}, {measured['rows']:,} rows", against))
    return rows


def _measured(engine: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.event_features", engine, str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"{' '.join(command)}: {answer.stderr.strip().splitlines()[-1]}")
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _compare(measured: dict[str, Any], reference: dict[str, Any]) -> None:
    """Every engine computes the same: the sums of all features over all rows are equal."""
    if measured["rows"] != reference["rows"]:
        raise RuntimeError(f"{measured['rows']:,} rows, not {reference['rows']:,}")
    for name, total in reference["sums"].items():
        if abs(measured["sums"][name] - total) > TOLERANCE * max(1.0, abs(total)):
            raise RuntimeError(f"{name} adds up to {measured['sums'][name]!r}, not {total!r}")
