"""Scores of the whole recipe on Telco: twice repeated, stratified 5-fold cross-validation around all of it.

Inside each of the ten outer training folds, and nowhere else: the transform is fitted, every family searched, the best
trials fitted, cross-fitted and calibrated by that, blended, one candidate chosen, and refitted with those rows; by
the pipeline's own steps, under the contract as it stands in ``datasets/telco``. The outer test fold is only scored.
Beside it, fitted to the whole of the same outer training folds: a plain logistic regression, XGBoost tuned by
scikit-learn's random search, and XGBoost with its defaults, all on the table's own columns, one-hot.

Means over ten folds, with the standard error of Nadeau & Bengio (2003, "Inference for the generalization error",
section 5): training folds overlap, so the folds are not independent, and the usual standard error would be too
small. Differences are taken fold by fold.

``TENURE_BENCH_FOLDS`` (default 10) does only the first so many, for a first look; Ctrl-C or SIGTERM ends it, with the
table of the folds that are done.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.table import Row, show
from benchmarks.telco_table import TELCO
from tenure.contract import Contract, dump, load

SPLITS, REPEATS, SEED = 5, 2, 20
PROCESSES = 2
FOLDS = int(os.environ.get("TENURE_BENCH_FOLDS", str(SPLITS * REPEATS)))
RECIPE = "the recipe, telco's contract"
TUNED, DEFAULTS, LOGISTIC = "XGBoost, random search", "XGBoost's defaults", "plain logistic regression"
TARGETS = {"ROC-AUC": "≥ 0.849", "average precision": "≥ 0.667", "Brier": "≤ 0.134"}

T = TypeVar("T")
Scores = dict[str, dict[str, float]]
"""Model to metric to value, on one outer fold."""


class Fold(NamedTuple):
    """The scores on one outer fold."""

    number: int
    scores: Scores
    chosen: str
    """The recipe's family."""
    inner: dict[str, float]
    """Every family's score on the rows held out, before calibration."""


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folds: list[Fold] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place, get_context("spawn").Pool(PROCESSES) as pool:
        prepare(Path(place))
        try:
            for fold in pool.imap_unordered(partial(outer_fold, place), range(FOLDS)):
                folds.append(fold)
                _tell(fold, len(folds), time.monotonic() - started)
        except KeyboardInterrupt:
            print(f"stopped after {len(folds)} of {FOLDS} folds", file=sys.stderr)
    if folds:
        tabulate(sorted(folds))


def tabulate(folds: Sequence[Fold]) -> None:
    """The table of the folds that are done."""
    rows = []
    for model in folds[0].scores:
        said = [f"{name} {_with_error([fold.scores[model][name] for fold in folds])}" for name in TARGETS]
        against = [f"{name} {target}" for name, target in TARGETS.items()]
        if model != RECIPE:
            less = [[fold.scores[RECIPE][name] - fold.scores[model][name] for fold in folds] for name in TARGETS]
            against = ["recipe less this", *(_with_error(differences, "+") for differences in less)]
        rows.append(Row(model, "; ".join(said), "; ".join(against)))
    rows.append(Row("families chosen", ", ".join(fold.chosen for fold in folds)))
    done = "" if len(folds) == SPLITS * REPEATS else f"; only {len(folds)} of them done"
    show(f"The whole recipe on Telco, {SPLITS * REPEATS} outer folds of {REPEATS} × {SPLITS}{done}", rows)


def _tell(fold: Fold, done: int, seconds: float) -> None:
    outer = "; ".join(
        f"{model} {', '.join(f'{value:.4f}' for value in scores.values())}" for model, scores in fold.scores.items()
    )
    inner = ", ".join(f"{family} {value:.4f}" for family, value in fold.inner.items())
    print(
        f"{done} of {FOLDS} after {seconds:.0f} s: fold {fold.number} chose {fold.chosen}\n"
        f"  {', '.join(TARGETS)}: {outer}\n  inside: {inner}",
        file=sys.stderr,
        flush=True,
    )


def prepare(home: Path) -> None:
    """Ingest and validate, once: neither fits anything."""
    from components.ingest.logic import run as ingest
    from components.validate.logic import run as validate

    text = dump(load(TELCO))
    for folder in ("raw", "valid"):
        (home / folder).mkdir()
    _quiet(lambda: ingest(text, None, home / "raw", TELCO))
    _quiet(lambda: validate(text, home / "raw", home / "valid"))


def outer_fold(place: str, number: int) -> Fold:
    """Everything on one outer fold."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    os.environ["OMP_NUM_THREADS"] = "1"
    home = Path(place)
    contract = load(TELCO)
    table = pq.read_table(home / "valid" / "data.parquet")
    label = (np.asarray(table.column(contract.label_column)) == contract.label.positive).astype(np.int8)
    splitter = RepeatedStratifiedKFold(n_splits=SPLITS, n_repeats=REPEATS, random_state=SEED)
    train, test = list(splitter.split(np.zeros(label.size), label))[number]
    found, chosen, inner = _quiet(lambda: _recipe(home, home / f"fold-{number}", table, label, (train, test)))
    wide = one_hot(contract, table)
    for name, make in ((TUNED, _tuned), (LOGISTIC, _logistic), (DEFAULTS, _defaults)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = make().fit(wide[train], label[train])
        found[name] = _score(label[test], model.predict_proba(wide[test])[:, 1])
    return Fold(number, found, chosen, inner)


def _recipe(
    home: Path, folder: Path, table: pa.Table, label: NDArray[np.int8], rows: tuple[NDArray[np.int64], ...]
) -> tuple[Scores, str, dict[str, float]]:
    """The chosen candidate's scores on the second of ``rows`` after all the steps on the first, and every family's;
    the chosen family, and what every family scored inside."""
    from sklearn.model_selection import train_test_split

    from components.train.logic import run as make
    from components.tune.logic import run as tune
    from tenure.bundle import read
    from tenure.transform import fit, of_table

    contract, (train, test) = load(TELCO), rows
    for name in ("features", "trials", "candidates"):
        (folder / name).mkdir(parents=True)
    share = contract.split.validation / (contract.split.train + contract.split.validation)
    learn, validation = train_test_split(train, test_size=share, stratify=label[train], random_state=SEED)
    for name, chosen in (("train", learn), ("validation", validation), ("test", test)):
        ordered = np.sort(chosen)
        part = table.take(pa.array(ordered)).append_column("_label", pa.array(label[ordered]))
        pq.write_table(part, folder / "features" / f"{name}.parquet")
    transform = fit(contract, of_table(table.take(pa.array(np.sort(learn)))))
    (folder / "features" / "transform.json").write_text(transform.to_json(), encoding="utf-8")

    text = dump(contract)
    tune(
        contract=text,
        features=folder / "features",
        trials=folder / "trials",
        storage=str(folder / "studies.log"),
        worker=0,
        workers=1,
        threads=1,
    )
    make(
        contract=text,
        raw=home / "raw",
        valid=home / "valid",
        features=folder / "features",
        trials=[folder / "trials"],
        candidates=folder / "candidates",
        created_at="2026-01-01T00:00:00+00:00",
    )
    document = json.loads((folder / "candidates" / "train.json").read_text(encoding="utf-8"))
    scored = {}
    columns = table.take(pa.array(np.sort(test)))
    for entry in document["leaderboard"]:
        bundle = read(folder / "candidates" / entry["family"])
        answer = bundle.predict({name: columns.column(name) for name in columns.column_names})
        scored[entry["family"]] = _score(label[np.sort(test)], answer.probability)
    inner = {entry["family"]: entry["validation_score"] for entry in document["leaderboard"]}
    return {RECIPE: scored[document["chosen"]], **scored}, document["chosen"], inner


def one_hot(contract: Contract, table: pa.Table) -> NDArray[np.float64]:
    """The table's own columns: numbers as they are, blanks 0, an indicator for each value of the others but one."""
    columns = []
    for name, column in contract.inputs.items():
        values = table.column(name).combine_chunks()
        if column.is_numeric:
            columns.append(np.asarray(pc.fill_null(values.cast(pa.float64()), 0.0)))
        else:
            texts = np.asarray(values.cast(pa.string()))
            columns += [(texts == text).astype(np.float64) for text in np.unique(texts)[1:]]
    return np.column_stack(columns)


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))


def _defaults() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_jobs=1, random_state=SEED)


def _tuned() -> Any:
    from scipy.stats import loguniform, randint, uniform
    from sklearn.model_selection import RandomizedSearchCV

    space = {
        "n_estimators": randint(50, 400),
        "learning_rate": loguniform(0.02, 0.2),
        "max_depth": randint(2, 7),
        "min_child_weight": loguniform(1.0, 30.0),
        "subsample": uniform(0.5, 0.5),
        "colsample_bytree": uniform(0.3, 0.7),
    }
    return RandomizedSearchCV(_defaults(), space, n_iter=20, cv=5, scoring="roc_auc", random_state=SEED)


def _score(label: NDArray[np.int8], probability: NDArray[np.float64]) -> dict[str, float]:
    from sklearn import metrics

    return {
        "ROC-AUC": float(metrics.roc_auc_score(label, probability)),
        "average precision": float(metrics.average_precision_score(label, probability)),
        "Brier": float(metrics.brier_score_loss(label, probability)),
    }


def _with_error(values: Sequence[float], sign: str = "") -> str:
    """Mean and corrected standard error."""
    spread = float(np.var(values, ddof=1)) if len(values) > 1 else float("nan")
    error = math.sqrt((1.0 / len(values) + 1.0 / (SPLITS - 1)) * spread)
    return f"{np.mean(values):{sign}.4f} ± {error:.4f}"


def _quiet(work: Callable[[], T]) -> T:
    """Without the steps' progress, which goes to standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        return work()


if __name__ == "__main__":
    main()
