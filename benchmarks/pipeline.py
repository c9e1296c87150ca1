"""The pipeline on a laptop against the same steps called one after the other in one process: the graph's overhead.

Both get the seeded table, four trials a family (with more, the graph's share is smaller) and one tuning worker; both
end with the real model server checked and the model registered. A third run has the two workers that are the default.

``TENURE_BENCH_PIPELINE_ROWS`` (default 100000) sets the rows.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.seeded import FEATURES, write_dataset
from benchmarks.steps import STEPS
from benchmarks.table import Row, show

ROOT = Path(__file__).resolve().parent.parent
ROWS = int(os.environ.get("TENURE_BENCH_PIPELINE_ROWS", "100000"))
TRIALS = 4


@dataclass(frozen=True)
class Measured:
    """A run from start to end; seconds by step, of the slowest worker where there are several."""

    wall_s: float
    cpu_s: float
    steps: dict[str, float]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_dataset(folder, ROWS)
        contract = folder / "contract.yaml"
        contract.write_text(f"{contract.read_text()}training:\n  trials: {TRIALS}\n")
        alone = one_process(folder)
        graph = pipeline(folder, workers=1)
        two = pipeline(folder, workers=2)
    rows = [
        Row("one process, wall", f"{alone.wall_s:.1f} s", f"{alone.cpu_s:.1f} s of processor"),
        Row(
            "pipeline, wall",
            f"{graph.wall_s:.1f} s",
            f"{graph.cpu_s:.1f} s of processor; {graph.wall_s / alone.wall_s - 1:+.1%}, target ≤ +20 %;"
            f" {graph.cpu_s / alone.cpu_s - 1:+.1%} of processor",
        ),
        Row("pipeline with 2 workers, wall", f"{two.wall_s:.1f} s", f"{two.wall_s / alone.wall_s - 1:+.1%}"),
    ]
    rows += [
        Row(f"  {step}", f"{graph.steps[step]:.1f} s", f"in one process {alone.steps[step]:.1f} s") for step in STEPS
    ]
    between = graph.wall_s - sum(graph.steps.values())
    rows.append(Row("  between the steps (starts, kfp, caching)", f"{between:.1f} s"))
    show(f"The pipeline against one process, {ROWS:,} × {FEATURES}, {TRIALS} trials a family", rows)


def one_process(folder: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks.steps", str(folder)]
    wall_s, cpu_s, answer = _timed(command, {"TENURE_HOME": str(folder / "home-alone")})
    return Measured(wall_s, cpu_s, json.loads(answer.splitlines()[-1])["seconds"])


def pipeline(folder: Path, workers: int) -> Measured:
    home = folder / f"home-{workers}"
    command = [sys.executable, "-m", "pipelines.cli", "run", str(folder), "--home", str(home), "--workers"]
    command += [str(workers), "--no-serve", "--override", "a benchmark registers whatever comes", "--json"]
    wall_s, cpu_s, _ = _timed(command, {})
    (events,) = (home / "runs").glob("*/events.jsonl")
    steps: dict[str, float] = {}
    for line in events.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "done":
            steps[event["step"]] = max(event["elapsed_s"], steps.get(event["step"], 0.0))
    return Measured(wall_s, cpu_s, steps)


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """Wall seconds, processor seconds of it and all its children, and what it printed."""
    started, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    inherited = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**inherited, **environment}
    )
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {answer.returncode}: {answer.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return perf_counter() - started, cpu_s, answer.stdout


if __name__ == "__main__":
    main()
