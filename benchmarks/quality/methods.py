"""What is compared: each method is trained in a process of its own, and its result is kept.

A result is found again by the split's data, the method and its settings; for Tenure also by the code of its tree. A
run that was interrupted goes on where it was, and a change of Tenure trains Tenure again and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.cache import CACHE
from benchmarks.quality.split import Split
from tenure.file_modes import make_folder

HERE = Path(__file__).resolve().parent
TREE = Path(os.environ.get("TENURE_BENCH_TREE", HERE.parents[1])).absolute()
BEFORE = os.environ.get("TENURE_BENCH_BEFORE")
AUTOGLUON = os.environ.get("TENURE_BENCH_AUTOGLUON")
AUTOGLUON_S = int(os.environ.get("TENURE_BENCH_AUTOGLUON_S", "240"))

TENURE = "Tenure"


class TrainingError(Exception):
    """A method could not be trained."""


@dataclass(frozen=True)
class Result:
    """One method on one split."""

    folder: Path

    @cached_property
    def probability(self) -> NDArray[np.float64]:
        """Of the test rows, shape (n,)."""
        return np.load(self.folder / "test.npy")

    @cached_property
    def figures(self) -> dict[str, Any]:
        """``processor_s`` of the training, ``row_s`` of a prediction of one row, ``bytes`` of the model, ``model``."""
        found: dict[str, Any] = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        return found


@dataclass(frozen=True)
class Method:
    """A way to get from a split's rows to probabilities of its test rows."""

    name: str
    kept_as: str
    """First part of the names of its results' folders."""
    settings: str
    """What tells its results from those of other settings or another code."""
    command: tuple[str, ...] | None
    """Trains it, with the folders of split and result added; None where it is not installed."""
    tree: Path | None = None
    """What the command imports Tenure from."""

    def result(self, split: Split) -> Result | None:
        """The kept result; None without one."""
        folder = self._folder(split)
        return Result(folder) if (folder / "result.json").exists() else None

    def train(self, split: Split) -> Result:
        """The kept result, made where it is missing.

        Raises:
            TrainingError: the training failed, or the method is not installed.
        """
        kept = self.result(split)
        if kept is not None:
            return kept
        if self.command is None:
            raise TrainingError(f"{self.name} is not installed: see docs/quality.md")
        folder = self._folder(split)
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(unfinished)
        started = monotonic()
        self._run([*self.command, str(split.folder), str(unfinished)], unfinished)
        unfinished.rename(folder)
        made = Result(folder)
        print(
            f"{split.table} {split.number}: {self.name} trained in {made.figures['processor_s']:.0f} s of processor,"
            f" {monotonic() - started:.0f} s by the clock",
            file=sys.stderr,
            flush=True,
        )
        return made

    def _run(self, command: Sequence[str], folder: Path) -> None:
        # Threads that wait for each other by spinning would spend processor time on nothing.
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
        environment.pop("PYTHONPATH", None)
        if self.tree is not None:
            environment["PYTHONPATH"] = str(self.tree)
        file = folder / "log.txt"
        with file.open("w") as log:
            done = subprocess.run(command, stdout=log, stderr=log, env=environment, cwd=folder, check=False)
        if done.returncode:
            raise TrainingError(f"{' '.join(command)} ended with {done.returncode}: see {file}")

    def _folder(self, split: Split) -> Path:
        key = hashlib.sha256(f"{split.digest} {self.settings}".encode()).hexdigest()[:12]
        return CACHE / "results" / f"{split.table}-{split.number}" / f"{self.kept_as}-{key}"


def methods() -> dict[str, Method]:
    """All methods, by name; Tenure first."""
    autogluon = None if AUTOGLUON is None else (AUTOGLUON, _script("autogluon"), str(AUTOGLUON_S))
    found = [
        _tenure(TENURE, TREE),
        *([_tenure("Tenure before", Path(BEFORE).absolute())] if BEFORE else []),
        Method("AutoGluon", "autogluon", f"best_quality, log loss, {AUTOGLUON_S} s on 2 cores", autogluon),
        scikit_learn("logistic regression", "logistic_regression"),
        scikit_learn("HistGradientBoosting", "hist_gradient_boosting"),
    ]
    return {method.name: method for method in found}


def _tenure(name: str, tree: Path) -> Method:
    return Method(name, "tenure", f"tenure {code_digest(tree)}", (sys.executable, _script("tenure")), tree)


def scikit_learn(name: str, model: str) -> Method:
    """A model of ``train_scikit_learn``."""
    return Method(name, model, "defaults", (sys.executable, _script("scikit_learn"), model))


def _script(trainer: str) -> str:
    return str(HERE / "trainers" / f"train_{trainer}.py")


def code_digest(tree: Path) -> str:
    """SHA-256 of the library's modules, their paths included."""
    digest = hashlib.sha256()
    for file in sorted((tree / "tenure").rglob("*.py")):
        digest.update(str(file.relative_to(tree)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
