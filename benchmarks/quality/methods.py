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
    settings: str
    """What tells its results from those of other settings or another code."""
    python: str | None
    """None where it cannot be run here: only its results are read."""
    script: str
    arguments: tuple[str, ...] = ()
    tree: Path | None = None
    """What the script imports Tenure from."""

    def result(self, split: Split) -> Result | None:
        """The kept result; None without one."""
        folder = self._folder(split)
        return Result(folder) if (folder / "result.json").exists() else None

    def train(self, split: Split) -> Result:
        """The kept result, made where it is missing.

        Raises:
            SystemExit: the training failed.
        """
        kept = self.result(split)
        if kept is not None or self.python is None:
            if kept is None:
                raise SystemExit(f"{self.name} cannot be run: see docs/quality.md")
            return kept
        folder = self._folder(split)
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        make_folder(unfinished)
        command = [
            self.python,
            str(HERE / "trainers" / self.script),
            str(split.folder),
            str(unfinished),
            *self.arguments,
        ]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        # Threads that wait for each other by spinning would spend processor time on nothing.
        environment["OMP_WAIT_POLICY"] = "passive"
        if self.tree is not None:
            environment["PYTHONPATH"] = str(self.tree)
        started = monotonic()
        with (unfinished / "log.txt").open("w") as log:
            done = subprocess.run(command, stdout=log, stderr=log, env=environment, cwd=unfinished, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: see {unfinished / 'log.txt'}")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
        seconds = Result(folder).figures["processor_s"]
        told = f"{split.table} {split.number}: {self.name} trained in {seconds:.0f} s of processor"
        print(f"{told}, {monotonic() - started:.0f} s in all", file=sys.stderr, flush=True)
        return Result(folder)

    def _folder(self, split: Split) -> Path:
        key = hashlib.sha256(f"{split.digest} {self.settings}".encode()).hexdigest()[:12]
        name = self.name.lower().replace(" ", "-")
        return CACHE / "results" / f"{split.table}-{split.number}" / f"{name}-{key}"


def methods() -> dict[str, Method]:
    """All methods, by name; Tenure first."""
    found = [
        _tenure(TENURE, TREE),
        *([_tenure("Tenure before", Path(BEFORE).absolute())] if BEFORE else []),
        Method(
            "AutoGluon",
            f"best_quality, log loss, {AUTOGLUON_S} s on 2 cores",
            AUTOGLUON,
            "train_autogluon.py",
            (str(AUTOGLUON_S),),
        ),
        Method("logistic regression", "first", sys.executable, "train_scikit_learn.py", ("logistic_regression",)),
        Method("HistGradientBoosting", "first", sys.executable, "train_scikit_learn.py", ("hist_gradient_boosting",)),
    ]
    return {method.name: method for method in found}


def _tenure(name: str, tree: Path) -> Method:
    return Method(name, f"tenure {code_digest(tree)}", sys.executable, "train_tenure.py", tree=tree)


def code_digest(tree: Path) -> str:
    """SHA-256 of the library's modules, their paths included."""
    digest = hashlib.sha256()
    for file in sorted((tree / "tenure").rglob("*.py")):
        digest.update(str(file.relative_to(tree)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
