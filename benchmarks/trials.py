"""Trials of a verdict: the outcome of each, and the share of correct ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

from benchmarks.rollout import interval
from benchmarks.table import Row

TRIALS = int(os.environ.get("TENURE_BENCH_TRIALS", "500"))
PLANTED_TRIALS = max(1, TRIALS * 2 // 5)
ROWS = 20_000
REGIONS = (0.30, 0.25, 0.20, 0.15, 0.10)
"""Shares of the customers: the slices. What is planted in a slice is planted in the last, the smallest."""
LAST = len(REGIONS) - 1
FLOOR_SAMPLES = 200
"""Of the bootstrap for floors, which all of the models here clear by far."""

Outcome = tuple[str, tuple[str, ...]]
"""State of the verdict, and the names of the checks that did not pass."""


class Trial(Protocol):
    """One test part, and the verdict on it."""

    def run(self) -> Outcome: ...


def outcomes(trials: Iterable[Trial]) -> list[Outcome]:
    """Of each trial, in their order."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        return list(pool.map(_run, trials, chunksize=5))


def _run(trial: Trial) -> Outcome:
    return trial.run()


def blessed(outcome: Outcome) -> bool:
    return outcome[0] == "bless"


def vetoed(outcome: Outcome) -> bool:
    """Whether the candidate was held back for what was planted in the last slice."""
    return outcome[0] != "bless" and f"slice region {LAST}" in outcome[1]


def row(name: str, found: Sequence[Outcome], hit: Callable[[Outcome], bool], word: str, against: str) -> Row:
    """How many of the outcomes are a hit, with the interval of that share."""
    hits = sum(map(hit, found))
    low, high = interval(hits, len(found))
    return Row(name, f"{hits / len(found):.1%} [{low:.1%}, {high:.1%}] of {len(found)} {word}", against)
