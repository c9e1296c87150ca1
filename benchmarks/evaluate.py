"""The evaluate step with all its intervals, slices and the champion, on a large test part.

``TENURE_BENCH_TEST_ROWS`` (default 1000000) sets the rows, drawn with replacement from telco's test part.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.steps import measured
from benchmarks.table import Row, show
from benchmarks.telco_table import TELCO
from tenure.contract import dump, load

ROWS = int(os.environ.get("TENURE_BENCH_TEST_ROWS", "1000000"))
FAMILIES = ("logistic_regression", "xgboost")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder)
        test = folder / "feature" / "features" / "test.parquet"
        small = pq.read_table(test)
        rows = []
        for size in (small.num_rows, ROWS):
            drawn = np.random.default_rng(7).integers(0, small.num_rows, size)
            pq.write_table(small.take(pa.array(drawn)), test)
            shutil.rmtree(folder / "evaluate", ignore_errors=True)
            found = measured(folder, "evaluate")
            document = json.loads((folder / "evaluate" / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
            what = f"{size:,} test rows, {len(document['slices'])} slices, {len(FAMILIES)} families, a champion"
            seconds = sum(found["seconds"].values())
            value = f"{seconds:.1f} s ({found['cpu_s']:.1f} s of processor), peak {found['peak_mib']:,.0f} MiB"
            rows.append(Row(what, value, "target < 60 s" if size == ROWS else ""))
        samples = document["bootstrap"]["samples"]
        show(f"Evaluate, {samples:,} resamples for every interval (imports included)", rows)


def _make(folder: Path) -> None:
    """What evaluate reads, by the steps before it on the telco table; the champion is the family not chosen."""
    terms = load(TELCO)
    training = terms.training.model_copy(update={"families": FAMILIES, "trials": 2, "folds": 2})
    source = terms.source.model_copy(update={"uri": str(TELCO / str(terms.source.uri))})
    contract = dump(terms.model_copy(update={"training": training, "source": source}))
    (folder / "contract.yaml").write_text(contract, encoding="utf-8")
    measured(folder, "champion", "ingest", "validate", "check_drift", "feature", "tune", "train")
    candidates, champion = folder / "train" / "candidates", folder / "champion" / "champion"
    chosen = json.loads((candidates / "train.json").read_text(encoding="utf-8"))["chosen"]
    other = next(family for family in FAMILIES if family != chosen)
    shutil.copytree(candidates / other, champion / "bundle")
    version = json.loads((champion / "bundle" / "manifest.json").read_text(encoding="utf-8"))["version"]
    standing = json.loads((champion / "champion.json").read_text(encoding="utf-8"))
    standing |= {"version": "1", "bundle_version": version}
    (champion / "champion.json").write_text(json.dumps(standing), encoding="utf-8")


if __name__ == "__main__":
    main()
