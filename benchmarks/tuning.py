"""The search against the same trials through plain ``cross_val_score``, on 100,000 rows of the seeded table.

Ours runs as the pipeline runs it: one process a core with one thread each, over one journal file. Then its trials'
parameters go through scikit-learn's ``cross_val_score`` as a user would write it: five folds, XGBoost's own estimator
with all cores (behind SMOTE where the trial says so), and ``PLAIN_ROUNDS`` trees, since without rows to stop by their
number has to be chosen first. The search stops early, and may grow ``MAX_ROUNDS``, more than twice as many: plain with
that many would take more than twice as long. Both choose their best trial by its mean score, fit it once more to the
same rows, and are scored on rows that neither has seen; plain's best also with ``MAX_ROUNDS`` trees, so that what more
trees give can be told from what the search gives.

``TENURE_BENCH_TRIALS`` (default 50) sets the trials, ``TENURE_BENCH_PLAIN_TRIALS`` (default 8; 50 is the full run) how
many of them, drawn at random, go through ``cross_val_score``: its time for all is their mean times the trials.
``TENURE_BENCH_TUNING_SEED`` (default the table's) seeds the search, the folds and the fits.
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
from typing import Any

import numpy as np

from benchmarks.seeded import FEATURES, table
from benchmarks.seeded import SEED as TABLE_SEED
from benchmarks.table import Row, show

ROOT = Path(__file__).resolve().parent.parent
ROWS, TEST_ROWS, FOLDS = 100_000, 50_000, 5
TRIALS = int(os.environ.get("TENURE_BENCH_TRIALS", "50"))
PLAIN_TRIALS = min(TRIALS, int(os.environ.get("TENURE_BENCH_PLAIN_TRIALS", "8")))
SEED = int(os.environ.get("TENURE_BENCH_TUNING_SEED", str(TABLE_SEED)))
PLAIN_ROUNDS = 400
RESAMPLES = 2_000

WORKER = """
import json, sys
from pathlib import Path
from benchmarks.tuning import search
print(json.dumps(search(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
"""


def main() -> None:
    from sklearn.metrics import roc_auc_score

    from tenure.training.families.divided import SCOUT_ROWS

    matrix, label = table(ROWS + TEST_ROWS)
    train, held = (matrix[:ROWS], label[:ROWS]), (matrix[ROWS:], label[ROWS:])
    started, before = perf_counter(), _cpu_s()
    trials = search_all()
    ours_s, ours_cpu_s = perf_counter() - started, _cpu_s() - before
    scored = [trial for trial in trials if trial["score"] is not None]
    ours = max(scored, key=lambda trial: trial["score"])
    drawn = np.sort(np.random.default_rng(SEED).choice(len(trials), PLAIN_TRIALS, replace=False))
    plain = [plain_score(trials[index]["parameters"], *train) for index in drawn]
    plain_s, plain_s_error = total(np.array([each.wall_s for each in plain]), len(trials))
    plain_cpu_s, _ = total(np.array([each.cpu_s for each in plain]), len(trials))
    best_plain = max(plain, key=lambda each: each.score)
    ours_said = refitted(ours["parameters"] | {"rounds": ours["rounds"]}, train, held[0])
    plain_said = {rounds: plain_refitted(best_plain.parameters, rounds, train, held[0]) for rounds in _plain_rounds()}
    folds_done = sum(len(trial["scores"]) for trial in trials)
    measured = (
        "all measured" if len(trials) == PLAIN_TRIALS else f"{PLAIN_TRIALS} drawn trials, scaled to {len(trials)}"
    )
    show(
        f"Tuning XGBoost: {len(trials)} trials × {FOLDS} folds, {ROWS:,} × {FEATURES}",
        [
            Row("ours, wall", f"{ours_s:.0f} s", f"target ≤ 1/8 of plain: 1/{plain_s / ours_s:.1f}"),
            Row(f"cross_val_score, wall ({measured})", f"{plain_s:.0f} ± {plain_s_error:.0f} s"),
            Row("ours, processor", f"{ours_cpu_s:.0f} s", f"1/{plain_cpu_s / ours_cpu_s:.1f} of plain"),
            Row("cross_val_score, processor", f"{plain_cpu_s:.0f} s"),
            Row(
                "folds fitted, ours",
                f"{folds_done} of {len(trials) * FOLDS}",
                f"and {len(trials)} scouts on {SCOUT_ROWS:,} rows each; {len(scored)} trials to the end",
            ),
            Row(
                f"ROC-AUC of ours on {TEST_ROWS:,} unseen rows, {ours['rounds']} trees",
                f"{roc_auc_score(held[1], ours_said):.4f}",
                "target: no worse than plain",
            ),
            *[
                Row(
                    f"ROC-AUC of plain's best of {PLAIN_TRIALS} on the same rows, {rounds} trees",
                    f"{roc_auc_score(held[1], said):.4f}",
                    f"ours {ahead(held[1], ours_said, said)}",
                )
                for rounds, said in plain_said.items()
            ],
        ],
    )


@dataclass(frozen=True)
class Plain:
    """A trial through ``cross_val_score``."""

    parameters: dict[str, Any]
    score: float
    wall_s: float
    cpu_s: float


def total(measured: np.ndarray, count: int) -> tuple[float, float]:
    """The sum over ``count`` trials by those measured, and its standard error (0 where all were)."""
    unseen = np.sqrt(1 - len(measured) / count)
    spread = measured.std(ddof=1) / np.sqrt(len(measured)) if len(measured) > 1 else float("nan")
    return float(measured.mean() * count), float(spread * count * unseen) if unseen else 0.0


def _cpu_s() -> float:
    """Processor time of this process and of the children that have ended: other work on the machine is not in it."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


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
    from tenure.training.families import Divided, divide
    from tenure.training.search.storage import open_storage
    from tenure.training.search.study import Search, run_unit
    from tenure.training.search.units import share_of, units

    matrix, label = table(ROWS + TEST_ROWS)
    divided = Divided(matrix[:ROWS], label[:ROWS], divide(label[:ROWS], FOLDS, SEED), SEED)
    job = Search(divided, "roc_auc", SEED, threads=1)
    storage = open_storage(str(folder / "studies.log"))
    mine = share_of(worker, workers, units(["xgboost"], trials))
    return [run_unit(unit, f"bench/{unit.shard}", job, storage, lambda _done, _best: None) for unit in mine]


def plain_score(parameters: dict[str, Any], matrix: np.ndarray, label: np.ndarray) -> Plain:
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    started, before = perf_counter(), _cpu_s()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    estimator = plain_estimator(parameters, PLAIN_ROUNDS, label)
    scores = cross_val_score(estimator, matrix, label, cv=folds, scoring="roc_auc")
    return Plain(parameters, float(scores.mean()), perf_counter() - started, _cpu_s() - before)


def plain_estimator(parameters: dict[str, Any], rounds: int, label: np.ndarray) -> Any:
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from xgboost import XGBClassifier

    settings = {name: value for name, value in parameters.items() if name not in ("imbalance", "rounds")}
    if parameters["imbalance"] == "class_weight":
        settings["scale_pos_weight"] = float((label == 0).sum() / (label == 1).sum())
    estimator = XGBClassifier(n_estimators=rounds, random_state=SEED, **settings)
    return make_pipeline(SMOTE(random_state=SEED), estimator) if parameters["imbalance"] == "smote" else estimator


def refitted(parameters: dict[str, Any], train: tuple, held: np.ndarray) -> np.ndarray:
    from tenure.training.families import Rows, get

    return get("xgboost").fit(Rows(*train), parameters, seed=SEED, threads=os.cpu_count() or 1).predict(held)


def plain_refitted(parameters: dict[str, Any], rounds: int, train: tuple, held: np.ndarray) -> np.ndarray:
    model = plain_estimator(parameters, rounds, train[1]).fit(*train)
    return model.predict_proba(held)[:, 1].astype(np.float64)


def _plain_rounds() -> tuple[int, int]:
    from tenure.training.families.models.xgboost import MAX_ROUNDS

    return PLAIN_ROUNDS, MAX_ROUNDS


def ahead(label: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> str:
    """By how much ROC-AUC of ours is larger, with the 95 % interval of the paired bootstrap over the rows."""
    from tenure.tasks.churn.evaluation import Campaign, Scored
    from tenure.tasks.churn.evaluation.advantage import advantage

    sides = (Scored(said, said >= 0.5) for said in (ours, theirs))
    nobody = Campaign(customer_value=1, offer_cost=0, offer_success_share=1, contacts=1, population=1)
    found = advantage(label, *sides, nobody, samples=RESAMPLES, seed=SEED, metric="roc_auc").difference
    return f"{found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


if __name__ == "__main__":
    main()
