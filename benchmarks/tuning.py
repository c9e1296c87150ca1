"""The search against the same trials through plain ``cross_val_score``, on a seeded table of 100,000 × 30.

Ours runs as the pipeline runs it: one process a core with one thread each, over one journal file. Then every one of
its trials' parameters goes through scikit-learn's ``cross_val_score``, five folds, XGBoost's own estimator with all
cores, as many trees as the search may grow at most: without a fold to stop by, that number has to be chosen first.
Both choose their best trial by its mean score and are fitted once more, then scored on rows that neither has seen.

``TENURE_BENCH_TRIALS`` (default 50) sets the trials; ``TENURE_BENCH_PLAIN_EVERY`` (default 1) takes only every n-th of
them through ``cross_val_score`` and scales its time, for a first look.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.table import Row, show

ROOT = Path(__file__).resolve().parent.parent
ROWS, TEST_ROWS, FEATURES, FOLDS, SEED = 100_000, 50_000, 30, 5, 7
TRIALS = int(os.environ.get("TENURE_BENCH_TRIALS", "50"))
PLAIN_EVERY = int(os.environ.get("TENURE_BENCH_PLAIN_EVERY", "1"))

WORKER = """
import json, sys
from pathlib import Path
from benchmarks.tuning import search
print(json.dumps(search(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
"""


def main() -> None:
    matrix, label = table(ROWS + TEST_ROWS)
    train, held = (matrix[:ROWS], label[:ROWS]), (matrix[ROWS:], label[ROWS:])
    started, before = perf_counter(), _cpu_s()
    trials = search_all()
    ours_s, ours_cpu_s = perf_counter() - started, _cpu_s() - before
    scored = [trial for trial in trials if trial["score"] is not None]
    ours = max(scored, key=lambda trial: trial["score"])
    started, before = perf_counter(), _cpu_s()
    plain = plain_scores([trial["parameters"] for trial in trials][::PLAIN_EVERY], *train)
    times = len(trials) / len(plain)
    plain_s, plain_cpu_s = (perf_counter() - started) * times, (_cpu_s() - before) * times
    best_plain = max(plain, key=lambda pair: pair[0])[1]
    ours_auc = refitted_auc(ours["parameters"] | {"rounds": ours["rounds"]}, train, held)
    plain_auc = plain_refitted_auc(best_plain, train, held)
    folds_done = sum(len(trial["scores"]) for trial in trials)
    note = "" if PLAIN_EVERY == 1 else f", every {PLAIN_EVERY}th trial, time scaled"
    show(
        f"Tuning XGBoost: {len(trials)} trials × {FOLDS} folds, {ROWS:,} × {FEATURES}",
        [
            Row("ours, wall", f"{ours_s:.0f} s", f"target ≤ 1/8 of plain: 1/{plain_s / ours_s:.1f}"),
            Row(f"cross_val_score, wall{note}", f"{plain_s:.0f} s"),
            Row("ours, processor", f"{ours_cpu_s:.0f} s", f"1/{plain_cpu_s / ours_cpu_s:.1f} of plain"),
            Row("cross_val_score, processor", f"{plain_cpu_s:.0f} s"),
            Row("folds fitted, ours", f"{folds_done} of {len(trials) * FOLDS}", f"{len(scored)} trials to the end"),
            Row("ROC-AUC of ours on unseen rows", f"{ours_auc:.4f}", "target: no worse than plain"),
            Row("ROC-AUC of plain's best on the same rows", f"{plain_auc:.4f}", f"ours {ours_auc - plain_auc:+.4f}"),
        ],
    )


def _cpu_s() -> float:
    """Processor time of this process and of the children that have ended: other work on the machine is not in it."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and indicators; a quarter churns, by a sum of smooth, stepped and crossed effects."""
    random = np.random.default_rng(SEED)
    numbers = random.normal(size=(rows, FEATURES - 10)).astype(np.float32)
    flags = (random.random((rows, 10)) < random.uniform(0.1, 0.6, 10)).astype(np.float32)
    x = np.column_stack([numbers, flags])
    margin = -2.0 + 0.6 * x[:, :5].sum(axis=1) + 0.8 * np.abs(x[:, 5]) + 0.7 * (x[:, 6] > 1) * x[:, 20]
    margin += 0.5 * x[:, 7] * x[:, 8] + 0.6 * np.sin(2 * x[:, 9]) + x[:, 21:25] @ np.array([0.8, -0.6, 0.5, -0.4])
    label = (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    return np.ascontiguousarray(x, dtype=np.float32), label


def search_all() -> list[dict[str, Any]]:
    """All trials of all workers, in the order of shards and numbers."""
    workers = os.cpu_count() or 1
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", WORKER, folder]
        processes = [
            subprocess.Popen(
                [*command, str(worker), str(workers), str(TRIALS)], stdout=subprocess.PIPE, text=True, env=environment
            )
            for worker in range(workers)
        ]
        answers = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a worker failed")
    units = [unit for answer in answers for unit in json.loads(answer.splitlines()[-1])]
    return [trial for unit in sorted(units, key=lambda unit: unit["shard"]) for trial in unit["trials"]]


def search(folder: Path, worker: int, workers: int, trials: int) -> list[dict[str, Any]]:
    """One worker's share, its start, reading and folds included."""
    from components.tune.storage import open_storage
    from components.tune.study import Search, run_unit
    from components.tune.units import share_of, units
    from tenure.families import Divided, divide

    matrix, label = table(ROWS + TEST_ROWS)
    divided = Divided(matrix[:ROWS], label[:ROWS], divide(label[:ROWS], FOLDS, SEED), SEED)
    job = Search(divided, "roc_auc", SEED, threads=1)
    storage = open_storage(str(folder / "studies.log"))
    mine = share_of(worker, workers, units(["xgboost"], trials))
    return [run_unit(unit, f"bench/{unit.shard}", job, storage, lambda _done, _best: None) for unit in mine]


def plain_scores(
    parameters: list[dict[str, Any]], matrix: np.ndarray, label: np.ndarray
) -> list[tuple[float, dict[str, Any]]]:
    """Mean score of every set of parameters, with the set."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    found = []
    for each in parameters:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
        scores = cross_val_score(plain_estimator(each, label), matrix, label, cv=folds, scoring="roc_auc")
        found.append((float(scores.mean()), each))
    return found


def plain_estimator(parameters: dict[str, Any], label: np.ndarray) -> Any:
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from xgboost import XGBClassifier

    from tenure.families.models.xgboost import MAX_BIN, MAX_ROUNDS

    settings = {name: value for name, value in parameters.items() if name not in ("imbalance", "rounds")}
    if parameters["imbalance"] == "class_weight":
        settings["scale_pos_weight"] = float((label == 0).sum() / (label == 1).sum())
    estimator = XGBClassifier(n_estimators=MAX_ROUNDS, max_bin=MAX_BIN, random_state=SEED, **settings)
    return make_pipeline(SMOTE(random_state=SEED), estimator) if parameters["imbalance"] == "smote" else estimator


def refitted_auc(parameters: dict[str, Any], train: tuple, held: tuple) -> float:
    from sklearn.metrics import roc_auc_score

    from tenure.families import Rows, get

    model = get("xgboost").fit(Rows(*train), parameters, seed=SEED, threads=os.cpu_count() or 1)
    return float(roc_auc_score(held[1], model.predict(held[0])))


def plain_refitted_auc(parameters: dict[str, Any], train: tuple, held: tuple) -> float:
    from sklearn.metrics import roc_auc_score

    model = plain_estimator(parameters, train[1]).fit(*train)
    return float(roc_auc_score(held[1], model.predict_proba(held[0])[:, 1]))


if __name__ == "__main__":
    main()
