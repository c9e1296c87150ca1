"""Wall, processor and peak memory of each step of the pipeline and of each family's fit, on the seeded table.

A family is fitted once with its default parameters and one thread, early stopping by 15 % of the rows where it has it,
and scored on 50,000 rows that it has not seen: ROC-AUC, and F1 at the threshold that is best on half of those, taken on
the other half. Each step and each fit has a process of its own, its imports included. ``against`` has what people
report for a table of this size: logistic regression 2 s and F1 0.72, a random forest 45 s and 0.84, boosting 90 s and
0.86; their table is another one, so F1 is comparable between families only.

``TENURE_BENCH_TRAIN_ROWS`` (default 100000) sets the rows.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.seeded import FEATURES, SEED, table, write_dataset
from benchmarks.steps import STEPS, measured, measured_process
from benchmarks.table import Row, show

ROWS = int(os.environ.get("TENURE_BENCH_TRAIN_ROWS", "100000"))
TEST_ROWS, STOP_SHARE, TRIALS = 50_000, 0.15, 4

ELSEWHERE = {
    "logistic_regression": "2 s, F1 0.72",
    "random_forest": "45 s, F1 0.84",
    "xgboost": "90 s, F1 0.86",
    "hist_gradient_boosting": "90 s, F1 0.86",
}


def main() -> None:
    from tenure.contract.family_names import CLASSIFIERS

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_dataset(folder, ROWS)
        contract = folder / "contract.yaml"
        contract.write_text(f"{contract.read_text()}training:\n  trials: {TRIALS}\n")
        steps = {step: measured(folder, step) for step in STEPS}
    show(
        f"Steps, {ROWS:,} × {FEATURES}, four families, {TRIALS} trials a family, one worker with one thread",
        [Row(step, f"{sum(found['seconds'].values()):.1f} s, {_resources(found)}") for step, found in steps.items()],
    )
    fits = {family: measured_process("benchmarks.families", family) for family in CLASSIFIERS}
    show(
        f"One fit a family, {ROWS:,} × {FEATURES}, one thread",
        [
            Row(
                family,
                f"{found['fit_s']:.1f} s, F1 {found['f1']:.3f}, ROC-AUC {found['roc_auc']:.4f}, {_resources(found)}",
                ELSEWHERE.get(family, ""),
            )
            for family, found in fits.items()
        ],
    )


def _resources(found: dict[str, Any]) -> str:
    return f"{found['cpu_s']:.1f} s of processor, peak {found['peak_mib']:,.0f} MiB"


def fit_once(family: str) -> dict[str, float]:
    """One family's fit, in this process."""
    from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

    from tenure.training.families import Rows, get

    matrix, label = table(ROWS + TEST_ROWS)
    stops = np.random.default_rng(SEED).random(ROWS) < STOP_SHARE
    chosen = get(family)
    rows, stop = Rows(matrix[:ROWS], label[:ROWS]), None
    if chosen.stops_early:
        rows, stop = (Rows(matrix[:ROWS][part], label[:ROWS][part]) for part in (~stops, stops))
    started = perf_counter()
    model = chosen.fit(rows, chosen.default, seed=SEED, threads=1, stop=stop)
    fit_s = perf_counter() - started
    probability, held = model.predict(matrix[ROWS:]), label[ROWS:]
    half = TEST_ROWS // 2
    precision, recall, thresholds = precision_recall_curve(held[:half], probability[:half])
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-12)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "fit_s": fit_s,
        "f1": float(f1_score(held[half:], probability[half:] >= thresholds[np.argmax(f1)])),
        "roc_auc": float(roc_auc_score(held, probability)),
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(fit_once(sys.argv[1])))
    else:
        main()
