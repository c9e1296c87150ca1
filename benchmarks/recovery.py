"""How close the models of the generated datasets come to the truth that their tables were drawn from.

Each dataset with a ``generator.yaml`` is run as ``tenure run`` does it; the chosen model predicts the rows of the test
part, and these predictions are compared with the true probabilities, or expected values, of the same rows.

``TENURE_BENCH_RECOVERY_TRIALS`` (by default what the contracts say) sets the trials of a family,
``TENURE_BENCH_RECOVERY`` (by default all) the names of the datasets, with blanks between.
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
import pyarrow.parquet as pq

from benchmarks.table import Row, show
from tenure.bundle import Bundle, Prediction, read
from tenure.contract.horizon_times import column_name
from tenure.contract.schema import PART_COLUMN, SNAPSHOT_COLUMN
from tenure.contract.sources import assembly_of
from tenure.generators.dataset import SETTINGS_FILE, read_settings
from tenure.generators.finding import find
from tenure.generators.recovery import Explained, Recovery, explained, recovery, truth_of
from tenure.generators.truth import TABLE_FILE

ROOT = Path(__file__).resolve().parent.parent
FOUND = sorted(path.parent.name for path in (ROOT / "datasets").glob(f"*/{SETTINGS_FILE}"))
NAMES = os.environ.get("TENURE_BENCH_RECOVERY", " ".join(FOUND)).split()
TRIALS = os.environ.get("TENURE_BENCH_RECOVERY_TRIALS")


def main() -> None:
    rows = []
    for name in NAMES:
        with tempfile.TemporaryDirectory() as home:
            found = measure(ROOT / "datasets" / name, Path(home))
            rows += [row for each in found for row in _rows(name, *each)]
    show("Models of the generated datasets beside the truth", rows)


Found = tuple[str, Recovery | Explained]
"""What was predicted by which family, and how that compares with the truth."""


def measure(dataset: Path, home: Path) -> list[Found]:
    """Run the dataset in ``home``; the chosen family's predictions beside the truth of the test rows."""
    trials = [] if TRIALS is None else ["--trials", TRIALS]
    command = [sys.executable, "-m", "pipelines.cli", "run", str(dataset), "--no-serve", "--home", str(home), "--json"]
    done = subprocess.run([*command, *trials], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if done.returncode not in (0, 7):
        raise SystemExit(f"tenure run {dataset} ended with status {done.returncode}")
    return beside_truth(dataset, json.loads(done.stdout)["results"])


def beside_truth(dataset: Path, results: dict[str, str]) -> list[Found]:
    """The model of a run beside the truth, from the folders of the run's results.

    The first is the prediction, others are the probabilities within shorter times whose truth is known.
    """
    settings = read_settings(dataset / SETTINGS_FILE)
    test = pq.read_table(Path(results["features"]) / "test.parquet")
    bundle = read(Path(results["evaluation"]) / "bundle")
    found = bundle.predict({name: test[name] for name in bundle.contract.inputs}, additions=True)
    business = find(settings.business)
    truth = truth_of(
        business,
        pq.read_table(dataset / settings.data / TABLE_FILE),
        test[bundle.contract.key_column].combine_chunks(),
        test[SNAPSHOT_COLUMN].to_pylist(),
    )
    family = bundle.manifest.family
    if bundle.contract.task == "regression":
        return [(family, explained(found.value, truth["expected"].to_numpy(), truth["value"].to_numpy()))]
    whole = recovery(found.probability, truth["probability"].to_numpy(), truth["label"].to_numpy())
    return [(family, whole), *_within_times(bundle, found, test, truth)]


def _within_times(bundle: Bundle, found: Prediction, test: pa.Table, truth: pa.Table) -> list[Found]:
    label, added = assembly_of(bundle.contract).label, found.added or {}
    records: list[Found] = []
    for number, time in enumerate(label.times, start=1):
        name = column_name(label.kind, time)
        if name in truth.column_names and name in added:
            part = test[PART_COLUMN].to_numpy()
            happened = ((part > 0) & (part <= number)).astype(np.int64)
            records.append((name, recovery(np.asarray(added[name]), truth[name].to_numpy(), happened)))
    return records


def _rows(name: str, family: str, found: Recovery | Explained) -> list[Row]:
    fifths = "; ".join(f"{predicted:.3f} / {true:.3f}" for predicted, true in found.fifths)
    what = f"{name}, {family}, {found.rows:,} test rows"
    if isinstance(found, Explained):
        first = [Row(f"{what}: R²", f"{found.r2:.3f}", f"best possible {found.best_r2:.3f}")]
    else:
        first = [
            Row(
                f"{what}: ROC-AUC",
                f"{found.roc_auc:.3f}",
                f"best possible {found.best_roc_auc:.3f}; {found.attained:.0%} of what is beyond chance",
            ),
            Row("  mean absolute error of the probability", f"{found.mean_error:.3f}"),
        ]
    return [
        *first,
        Row("  rank correlation with the truth", f"{found.rank_correlation:.3f}"),
        Row("  fifths by prediction, predicted / true", fifths),
    ]


if __name__ == "__main__":
    main()
