"""Wall, processor and peak memory of each step of the pipeline, and a row for each model family, on the seeded table.

A family is fitted once with its default parameters and one thread, early stopping by 15 % of the rows where it has it,
and scored on 50,000 rows that it has not seen: a classifier by ROC-AUC, and by F1 at the threshold that is best on half
of those, taken on the other half; a regression, on the table with a value for a label, by R². Then one row is scored by
the exported graph, and one explained. Size is that of the graph and the explanation's arrays in a bundle. Each step and
each family has a process of its own, its imports included. ``against`` has what people report for a table of this size:
logistic regression 2 s and F1 0.72, a random forest 45 s and 0.84, boosting 90 s and 0.86; their table is another one,
so F1 is comparable between families only.

``TENURE_BENCH_TRAIN_ROWS`` (default 100000) sets the rows; ``TENURE_BENCH_STEPS=0`` leaves the steps out.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeded import FEATURES, SEED, table, table_of_values, write_dataset
from benchmarks.steps import STEPS, measured, measured_process
from benchmarks.table import Row, best_of, show

if TYPE_CHECKING:
    from tenure.training.families import Model, Rows

ROWS = int(os.environ.get("TENURE_BENCH_TRAIN_ROWS", "100000"))
TEST_ROWS, STOP_SHARE, TRIALS = 50_000, 0.15, 4
EXPLAINED_ROWS = 8

ELSEWHERE = {
    "logistic_regression": "2 s, F1 0.72",
    "random_forest": "45 s, F1 0.84",
    "xgboost": "90 s, F1 0.86",
    "hist_gradient_boosting": "90 s, F1 0.86",
}


def main() -> None:
    from tenure.contract.family_names import CLASSIFIERS, REGRESSORS

    if os.environ.get("TENURE_BENCH_STEPS") != "0":
        _show_steps()
    for kind, families in (("classifier", CLASSIFIERS), ("regression", REGRESSORS)):
        fits = {family: measured_process("benchmarks.families", family) for family in families}
        show(
            f"One fit a {kind}, {ROWS:,} × {FEATURES}, one thread",
            [Row(family, _figures(found), ELSEWHERE.get(family, "")) for family, found in fits.items()],
        )


def _show_steps() -> None:
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


def _figures(found: dict[str, Any]) -> str:
    scores = ", ".join(f"{name} {found[name]:.4f}" for name in ("ROC-AUC", "F1", "R²") if name in found)
    served = f"{found['mib']:.2f} MiB, one row {found['row_us']:,.0f} µs, explained {found['explain_ms']:.1f} ms"
    return f"fit {found['fit_s']:.1f} s ({found['fit_cpu_s']:.1f} s of processor), {scores}, {served}, {_peak(found)}"


def _resources(found: dict[str, Any]) -> str:
    return f"{found['cpu_s']:.1f} s of processor, {_peak(found)}"


def _peak(found: dict[str, Any]) -> str:
    return f"peak {found['peak_mib']:,.0f} MiB"


def fit_once(name: str) -> dict[str, float]:
    """One family's fit, in this process."""
    from tenure.contract.family_names import REGRESSORS
    from tenure.training.families import get

    matrix, label = (table_of_values if name in REGRESSORS else table)(ROWS + TEST_ROWS)
    family, (rows, stop) = get(name), _parts(matrix[:ROWS], label[:ROWS], stops_early=get(name).stops_early)
    started, used = perf_counter(), process_time()
    model = family.fit(rows, family.default, seed=SEED, threads=1, stop=stop)
    fit = {"fit_s": perf_counter() - started, "fit_cpu_s": process_time() - used}
    score = _value_score if name in REGRESSORS else _class_scores
    scores = score(label[ROWS:], model.predict(matrix[ROWS:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return fit | scores | {"peak_mib": peak} | _served(model, matrix[ROWS:], float(label.std()))


def _parts(matrix: NDArray[np.float32], label: NDArray[Any], *, stops_early: bool) -> tuple[Rows, Rows | None]:
    from tenure.training.families import Rows

    if not stops_early:
        return Rows(matrix, label), None
    stops = np.random.default_rng(SEED).random(len(label)) < STOP_SHARE
    return Rows(matrix[~stops], label[~stops]), Rows(matrix[stops], label[stops])


def _class_scores(label: NDArray[Any], probability: NDArray[np.float64]) -> dict[str, float]:
    from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

    half = len(label) // 2
    precision, recall, thresholds = precision_recall_curve(label[:half], probability[:half])
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-12)
    return {
        "F1": float(f1_score(label[half:], probability[half:] >= thresholds[np.argmax(f1)])),
        "ROC-AUC": float(roc_auc_score(label, probability)),
    }


def _value_score(label: NDArray[Any], value: NDArray[np.float64]) -> dict[str, float]:
    return {"R²": float(1.0 - ((label - value) ** 2).sum() / ((label - label.mean()) ** 2).sum())}


def _served(model: Model, matrix: NDArray[np.float32], spread: float) -> dict[str, float]:
    """Size, and the time that one row takes, of what a bundle has of the model."""
    from tenure.bundle.onnx_model import OnnxModel
    from tenure.explanation import Explainer
    from tenure.training.export import export

    exported = export(model.terms(), model.predict, matrix[:1_000], spread)
    runner = OnnxModel(exported.onnx, FEATURES, 1, ["margin"])
    explainer = Explainer(exported.terms, [f"column {index}" for index in range(FEATURES)])
    one, few = matrix[:1], matrix[:EXPLAINED_ROWS]
    size = len(exported.onnx) + sum(array.nbytes for array in exported.terms.arrays().values())
    return {
        "mib": size / 2**20,
        "row_us": 1e6 * best_of(lambda: [runner.run(one) for _ in range(100)]) / 100,
        "explain_ms": 1e3 * best_of(lambda: explainer.contributions(few)) / EXPLAINED_ROWS,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(fit_once(sys.argv[1])))
    else:
        main()
