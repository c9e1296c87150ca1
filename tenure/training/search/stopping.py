"""When a search ends before its last trial: its leader is certain, or its time is up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tenure.contract.settings import Objective
from tenure.training.families import is_better

Stopped = Literal["certain", "budget"]

PATIENCE = 5
"""Trials without a better score after which the leader is certain, of a search of up to 15 trials; a third of more. On
the tables of ``benchmarks.quality`` later trials won less than what another draw of the folds changes."""


def is_certain(scores: Sequence[float | None], trials: int, objective: Objective) -> bool:
    """Whether the best score is as old as the patience of a search of so many ``trials``.

    Args:
        scores: of the finished trials, in their order; None for a trial that was pruned.
    """
    best, place = None, 0
    for number, score in enumerate(scores):
        if score is not None and (best is None or is_better(objective, score, best)):
            best, place = score, number
    return best is not None and len(scores) - 1 - place >= max(PATIENCE, trials // 3)


def _now() -> float:
    return time.monotonic()


@dataclass
class Clock:
    """Seconds that a worker may still spend, dealt to its units by what their trials cost.

    A unit that ends early leaves its time to the later ones.
    """

    budget_s: float | None
    """None without a limit."""
    costs: Sequence[float]
    """Of each unit, in the order in which they run."""
    _started: float = field(default_factory=_now)
    _ends: float = float("inf")

    def begin(self, unit: int) -> None:
        """Start the clock of a unit, by its place."""
        if self.budget_s is None:
            return
        now = _now()
        left = max(0.0, self.budget_s - (now - self._started))
        self._ends = now + left * self.costs[unit] / sum(self.costs[unit:])

    def is_over(self) -> bool:
        """Whether the unit's time is up."""
        return _now() >= self._ends
