"""Ingest, validate and feature on seeded telco-shaped tables: rows a second and peak memory of each step.

``TENURE_BENCH_ROWS`` (default ``100000,1000000``) names the sizes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.table import Row, show

ROOT = Path(__file__).resolve().parent.parent
DATASET = ROOT / "datasets" / "telco"
SIZES = tuple(int(size) for size in os.environ.get("TENURE_BENCH_ROWS", "100000,1000000").split(","))
CHUNK_ROWS = 250_000

STEP = """
import json, resource, sys, time
from pathlib import Path
from tenure.contract import load
step, folder = sys.argv[1], Path(sys.argv[2])
start = time.perf_counter()
contract = (folder / "contract.yaml").read_text()
if step == "ingest":
    from components.ingest.logic import run
    run(contract, None, folder / "raw")
elif step == "validate":
    from components.validate.logic import run
    run(contract, folder / "raw", folder / "valid")
else:
    from components.feature.logic import run
    run(contract, folder / "valid", folder / "features")
peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"s": time.perf_counter() - start, "mib": peak_mib}))
"""


def main() -> None:
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write_table(folder / "telco.csv", size)
            for step in ("raw", "valid", "features"):
                (folder / step).mkdir()
            contract = (DATASET / "contract.yaml").read_text(encoding="utf-8")
            (folder / "contract.yaml").write_text(contract.replace("telco_churn.csv", str(folder / "telco.csv")))
            for step in ("ingest", "validate", "feature"):
                figures = _measure(step, folder)
                rows.append(
                    Row(f"{step}, {size:,} rows", f"{size / figures['s']:,.0f} rows/s, peak {figures['mib']:,.0f} MiB")
                )
    show("The data path: rows a second (imports included) and peak memory", rows)


def _measure(step: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-c", STEP, step, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


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
