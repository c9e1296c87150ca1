"""Ingest, validate and feature on seeded telco-shaped tables: rows a second and peak memory of each step.

``TENURE_BENCH_ROWS`` (default ``100000,1000000``) names the sizes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.steps import measured
from benchmarks.table import Row, show

ROOT = Path(__file__).resolve().parent.parent
DATASET = ROOT / "datasets" / "telco"
SIZES = tuple(int(size) for size in os.environ.get("TENURE_BENCH_ROWS", "100000,1000000").split(","))
CHUNK_ROWS = 250_000
TARGET = "peak < 2 GB at 10 million, flat"


def main() -> None:
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write_table(folder / "telco.csv", size)
            contract = (DATASET / "contract.yaml").read_text(encoding="utf-8")
            (folder / "contract.yaml").write_text(contract.replace("telco_churn.csv", str(folder / "telco.csv")))
            for step in ("ingest", "validate", "feature"):
                found = measured(folder, step)
                seconds = sum(found["seconds"].values())
                value = f"{size / seconds:,.0f} rows/s ({size / found['cpu_s']:,.0f} a second of processor)"
                rows.append(Row(f"{step}, {size:,} rows", f"{value}, peak {found['peak_mib']:,.0f} MiB", TARGET))
    show("The data path, a process a step: rows a second and peak memory", rows)


def _write_table(path: Path, size: int) -> None:
    """Telco's customers drawn anew with keys of their own: the values of the real table at any size."""
    source = pa.csv.read_csv(
        DATASET / "telco_churn.csv", convert_options=pa.csv.ConvertOptions(column_types={"TotalCharges": pa.string()})
    )
    random = np.random.default_rng(7)
    with pa.csv.CSVWriter(path, source.schema) as writer:
        for start in range(0, size, CHUNK_ROWS):
            count = min(CHUNK_ROWS, size - start)
            drawn = source.take(pa.array(random.integers(0, source.num_rows, count)))
            keys = pa.array([f"{number:010d}" for number in range(start, start + count)])
            writer.write_table(drawn.set_column(0, "customerID", keys))
