"""Search the parameters of every model family, by cross-validation inside the training part."""

from __future__ import annotations

import hashlib
import inspect
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from tenure.atomic import write_text
from tenure.contract import Contract
from tenure.contract.family_names import searched
from tenure.progress import progress
from tenure.stats.folds import Folds
from tenure.training.encoded_part import folds_of, read_part, read_transform
from tenure.training.families import Divided, Parameters, cross_validate, direction, get
from tenure.training.search.stopping import Clock
from tenure.training.search.storage import open_storage, storage_errors
from tenure.training.search.study import Search, run_unit
from tenure.training.search.units import Unit, share_of, units
from tenure.training.search.warm_start import last_best

FILE_NAME = "trials.json"

_LIBRARIES = ("imbalanced-learn", "numpy", "optuna", "scikit-learn", "xgboost", "xgboost-cpu")


def search(
    *,
    contract: Contract,
    features: Path,
    storage: str,
    trials: Path,
    worker: int = 0,
    workers: int = 1,
    threads: int = 1,
) -> dict[str, Any]:
    """Do one worker's share of the search.

    The search is divided into units, a study each; a worker does its units one after the other. Which worker does
    a unit, and how often it was interrupted, changes nothing in its trials. A study's name holds a hash of all that
    its trials depend on (rows, folds, search space, library versions): an interrupted search goes on where it was,
    and one on other data starts anew, with the last one's best parameters among its first trials.

    Args:
        contract: names the families, the objective, the number of trials and of folds, and the budget.
        features: folder of ``feature``; read: ``train.parquet``, ``transform.json``.
        storage: where studies are kept: a journal file's path, or a SQLAlchemy URL. One run at a time may use it.
        trials: folder to write ``trials.json`` to: objective, direction, folds, and every trial of the worker's units.
        worker, workers: which of how many workers this is, from 0.
        threads: a fit may use.

    Returns:
        For the step's summary: trials done, and the best score a family.

    Raises:
        DataError: the training part has too few rows of a class.
        StorageError: a file cannot be read or written.
        SourceError: the database with the studies is down or refuses.
        BusyError: another run works on the same studies.
    """
    training = contract.training
    part = read_part(features, "train", contract, read_transform(features))
    folds = folds_of(part, contract)
    mine = share_of(worker, workers, units(searched(training.families), training.trials))
    clock = Clock(training.budget_s, [get(unit.family).cost * unit.trials for unit in mine])
    shared = Search(
        Divided(part.matrix, part.label, folds, training.seed, part.monotone),
        training.objective,
        training.seed,
        threads,
        clock.is_over,
    )
    total, before, records = sum(unit.trials for unit in mine), 0, []
    studies = open_storage(storage)
    for place, unit in enumerate(mine):
        clock.begin(place)

        def tell(done: int, best: float | None, unit: Unit = unit, before: int = before) -> None:
            so_far = "" if best is None else f", best {training.objective} {best:.4f}"
            progress(f"{unit.family}{so_far}", before + done, total)

        with storage_errors(storage):
            prefix, content = f"{contract.name}/{unit.family}/{unit.shard}/", _content(unit, shared)
            best = last_best(studies, prefix, content, unit.family, training.objective) if unit.shard == 0 else None
            name = f"{prefix}{content}{_mark(best)}"
            records.append(run_unit(unit, name, shared, studies, tell, warm_start=best))
        before += unit.trials
    document = {
        "objective": training.objective,
        "direction": direction(training.objective),
        "folds": {"kind": folds.kind, "count": len(folds.folds), "rows": len(part.label)},
        "units": records,
    }
    write_text(trials / FILE_NAME, json.dumps(document, indent=1, allow_nan=False) + "\n")
    return {"trials": sum(len(record["trials"]) for record in records), "families": [unit.family for unit in mine]}


def _content(unit: Unit, search: Search) -> str:
    """A hash that changes with whatever a trial's outcome depends on, but for where its search began."""
    content = hashlib.sha256()
    content.update(np.ascontiguousarray(search.divided.matrix).tobytes())
    content.update(search.divided.label.tobytes())
    for fold in search.divided.folds.folds:
        for indices in (fold.fit, fold.stop, fold.held):
            content.update(indices.astype(np.int64).tobytes() + b"/")
    content.update(_code(unit.family) + json.dumps([search.objective, search.seed, _versions()]).encode())
    return content.hexdigest()[:16]


def _mark(warm_start: Parameters | None) -> str:
    """What a warm start adds to a study's name."""
    if warm_start is None:
        return ""
    return f"+{hashlib.sha256(json.dumps(warm_start, sort_keys=True).encode()).hexdigest()[:8]}"


def _code(family: str) -> bytes:
    """The source that a trial's score depends on: the family's module, code shared by families, folds, search."""
    module = Path(inspect.getfile(type(get(family))))
    families = Path(inspect.getfile(cross_validate)).parent.glob("*.py")
    folds = Path(inspect.getfile(Folds))
    here = Path(__file__).parent.glob("*.py")
    return b"".join(path.read_bytes() for path in (module, *sorted(families), folds, *sorted(here)))


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
