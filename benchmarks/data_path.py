"""Ingest, validate and feature on seeded telco-shaped tables: rows a second and peak memory of each step.

``TENURE_BENCH_ROWS`` (default ``100000,1000000``) names the sizes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from benchmarks.steps import measured
from benchmarks.table import Row, show
from benchmarks.telco_table import TELCO, telco_chunks, telco_schema

SIZES = tuple(int(size) for size in os.environ.get("TENURE_BENCH_ROWS", "100000,1000000").split(","))
TARGET = "peak < 2 GB at 10 million, flat"


def main() -> None:
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with pa.csv.CSVWriter(folder / "telco.csv", telco_schema()) as writer:
                for chunk in telco_chunks(size):
                    writer.write_table(chunk)
            contract = (TELCO / "contract.yaml").read_text(encoding="utf-8")
            (folder / "contract.yaml").write_text(contract.replace("telco_churn.csv", str(folder / "telco.csv")))
            for step in ("ingest", "validate", "feature"):
                found = measured(folder, step)
                seconds = sum(found["seconds"].values())
                value = f"{size / seconds:,.0f} rows/s ({size / found['cpu_s']:,.0f} a second of processor)"
                rows.append(Row(f"{step}, {size:,} rows", f"{value}, peak {found['peak_mib']:,.0f} MiB", TARGET))
    show("The data path, a process a step: rows a second and peak memory", rows)
