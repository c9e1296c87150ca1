"""Batch scoring of telco-shaped tables against its transform and its model alone, and its memory as tables grow.

Each figure is a process of its own. ``score`` reads, parses, predicts, and writes its parts, the list of customers at
risk and the summary; the other process holds the parsed table in memory and only encodes it and runs the model.
``TENURE_SCORE_ROWS`` (default ``300000,1000000``) names the sizes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.served_bundle import write_bundle
from benchmarks.table import Row, show
from benchmarks.telco_table import telco_chunks, telco_schema

SIZES = tuple(int(size) for size in os.environ.get("TENURE_SCORE_ROWS", "300000,1000000").split(","))
ROUNDS = 3
ROW_GROUP_ROWS = 65_536

SCORE = """
import json, resource, sys, time
from pathlib import Path
from tenure.bundle import read
from tenure.contract.settings import Source
from tenure.scoring.score import score
bundle, table, out = map(Path, sys.argv[1:])
start, used = time.perf_counter(), time.process_time()
found = score(read(bundle), Source(uri=str(table)), out).summary
s, cpu_s = time.perf_counter() - start, time.process_time() - used
mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"s": s, "cpu_s": cpu_s, "mib": mib, "rows": found["rows"]}))
"""

ALONE = """
import json, sys, time
from pathlib import Path
from tenure.intake.customers import Customers
from tenure.bundle import read
from tenure.contract.settings import Source
bundle, table = map(Path, sys.argv[1:])
model = read(bundle)
batches = [batch for batch, _ in Customers(model.contract, Source(uri=str(table)), Path()).batches()]
start, used = time.perf_counter(), time.process_time()
for batch in batches:
    encoded = model.transform.encode({name: batch.column(name) for name in model.contract.inputs})
    model.model.run(encoded.matrix)
s, cpu_s = time.perf_counter() - start, time.process_time() - used
print(json.dumps({"s": s, "cpu_s": cpu_s, "rows": sum(batch.num_rows for batch in batches)}))
"""


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bundle(folder / "bundle")
        peaks = []
        for size in SIZES:
            table = folder / f"telco-{size}.parquet"
            with pq.ParquetWriter(table, telco_schema()) as writer:
                for chunk in telco_chunks(size):
                    writer.write_table(chunk, row_group_size=ROW_GROUP_ROWS)
            ratios, of_cpu, scored = [], [], []
            # In turns, so that other work on the machine affects both.
            for turn in range(ROUNDS):
                ours = _run(SCORE, folder / "bundle", table, folder / f"out-{size}-{turn}")
                alone = _run(ALONE, folder / "bundle", table)
                if not ours["rows"] == alone["rows"] == size:
                    sys.exit(f"score: {ours['rows']} of {size} rows")
                scored.append(ours)
                ratios.append(ours["s"] / alone["s"])
                of_cpu.append(ours["cpu_s"] / alone["cpu_s"])
            best = min(figures["s"] for figures in scored)
            peaks.append(max(figures["mib"] for figures in scored))
            rows += [
                Row(f"score, {size:,} rows", f"{size / best:,.0f} rows/s, {best:.1f} s"),
                Row("… of the transform and the model alone", f"{sorted(ratios)[ROUNDS // 2]:.2f} ×", "≤ 1.5 ×"),
                Row("… and of their processor time", f"{sorted(of_cpu)[ROUNDS // 2]:.2f} ×"),
                Row("… peak memory", f"{peaks[-1]:,.0f} MiB"),
            ]
        rows.append(Row(f"peak at {SIZES[-1]:,} of that at {SIZES[0]:,}", f"{peaks[-1] / peaks[0]:.2f} ×", "flat"))
    show("score", rows)


def _run(program: str, *arguments: Path) -> dict[str, float]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"score: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
