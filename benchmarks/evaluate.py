"""The evaluate step with all its intervals, slices and the champion, on a large test part."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.table import Row, show
from tenure.contract import dump, load

ROOT = Path(__file__).resolve().parents[1]
DATASET = ROOT / "datasets" / "telco"
ROWS = int(os.environ.get("TENURE_BENCH_TEST_ROWS", "1000000"))
FAMILIES = ("logistic_regression", "xgboost")

STEP = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from components.evaluate.logic import run
folder = Path(sys.argv[1])
names = ("raw", "valid", "features", "candidates", "champion", "evaluation")
run(contract=(folder / "contract.yaml").read_text(), **{name: folder / name for name in names})
used = resource.getrusage(resource.RUSAGE_SELF)
cpu_s = used.ru_utime + used.ru_stime
print(json.dumps({"s": time.perf_counter() - start, "cpu_s": cpu_s, "mib": used.ru_maxrss / 1024}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder)
        test = folder / "features" / "test.parquet"
        small = pq.read_table(test)
        rows = []
        for size in (small.num_rows, ROWS):
            drawn = np.random.default_rng(7).integers(0, small.num_rows, size)
            pq.write_table(small.take(pa.array(drawn)), test)
            shutil.rmtree(folder / "evaluation", ignore_errors=True)
            (folder / "evaluation").mkdir()
            answer = subprocess.run(
                [sys.executable, "-c", STEP, name],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            figures = json.loads(answer.stdout.splitlines()[-1])
            document = json.loads((folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
            what = f"{size:,} test rows, {len(document['slices'])} slices, {len(FAMILIES)} families, a champion"
            value = f"{figures['s']:.1f} s ({figures['cpu_s']:.1f} s of CPU), peak {figures['mib']:,.0f} MiB"
            against = "target < 60 s" if size == ROWS else ""
            rows.append(Row(what, value, against))
        samples = document["bootstrap"]["samples"]
        show(f"Evaluate, {samples:,} resamples for every interval (imports included)", rows)


def _make(folder: Path) -> None:
    """What evaluate reads, by the steps before it on the telco table; the champion is the family not chosen."""
    from components.feature.logic import run as feature
    from components.ingest.logic import run as ingest
    from components.train.logic import run as train
    from components.tune.logic import run as tune
    from components.validate.logic import run as validate

    terms = load(DATASET)
    training = terms.training.model_copy(update={"families": FAMILIES, "trials": 2, "folds": 2})
    contract = dump(terms.model_copy(update={"training": training}))
    (folder / "contract.yaml").write_text(contract, encoding="utf-8")
    paths = {name: folder / name for name in ("raw", "valid", "features", "trials", "candidates", "champion")}
    for path in paths.values():
        path.mkdir()
    raw, valid, features, trials, candidates, champion = paths.values()
    ingest(contract, None, raw, DATASET)
    validate(contract, raw, valid)
    feature(contract, valid, features)
    tune(contract=contract, features=features, storage=str(folder / "studies.log"), trials=trials)
    train(
        contract=contract,
        raw=raw,
        valid=valid,
        features=features,
        trials=[trials],
        candidates=candidates,
        created_at="2026-01-01T00:00:00+00:00",
    )
    chosen = json.loads((candidates / "train.json").read_text(encoding="utf-8"))["chosen"]
    other = next(family for family in FAMILIES if family != chosen)
    shutil.copytree(candidates / other, champion / "bundle")
    version = json.loads((champion / "bundle" / "manifest.json").read_text(encoding="utf-8"))["version"]
    (champion / "champion.json").write_text(json.dumps({"version": "1", "bundle_version": version}), encoding="utf-8")


if __name__ == "__main__":
    main()
