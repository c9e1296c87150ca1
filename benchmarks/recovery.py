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

import pyarrow.parquet as pq

from benchmarks.table import Row, show
from tenure.bundle import read
from tenure.contract.schema import SNAPSHOT_COLUMN
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
            rows += _rows(name, *measure(ROOT / "datasets" / name, Path(home)))
    show("Models of the generated datasets beside the truth", rows)


def measure(dataset: Path, home: Path) -> tuple[str, Recovery | Explained]:
    """Run the dataset in ``home``; the chosen family and its model beside the truth of the test rows."""
    trials = [] if TRIALS is None else ["--trials", TRIALS]
    command = [sys.executable, "-m", "pipelines.cli", "run", str(dataset), "--no-serve", "--home", str(home), "--json"]
    done = subprocess.run([*command, *trials], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if done.returncode not in (0, 7):
        raise SystemExit(f"tenure run {dataset} ended with status {done.returncode}")
    return beside_truth(dataset, json.loads(done.stdout)["results"])


def beside_truth(dataset: Path, results: dict[str, str]) -> tuple[str, Recovery | Explained]:
    """The model of a run beside the truth, from the folders of the run's results."""
    settings = read_settings(dataset / SETTINGS_FILE)
    test = pq.read_table(Path(results["features"]) / "test.parquet")
    bundle = read(Path(results["evaluation"]) / "bundle")
    found = bundle.predict({name: test[name] for name in bundle.contract.inputs})
    business = find(settings.business)
    truth = truth_of(
        business,
        pq.read_table(dataset / settings.data / TABLE_FILE),
        test[bundle.contract.key_column].combine_chunks(),
        test[SNAPSHOT_COLUMN].to_pylist(),
    )
    family = bundle.manifest.family
    if bundle.contract.task == "regression":
        return family, explained(found.value, truth["expected"].to_numpy(), truth["value"].to_numpy())
    return family, recovery(found.probability, truth["probability"].to_numpy(), truth["label"].to_numpy())


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
