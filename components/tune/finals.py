"""Which trials of a large table go on past the first fold: successive halving (Jamieson and Talwalkar 2016).

    scout ─▶ first fold ─▶ all trials explored ─▶ the best FINALISTS: half of the folds ─▶ the best of them: all

All trials see the same folds. Where folds are large, the first alone puts trials almost in the order that all of them
do; where they are small it does not, and every trial is raced through all folds instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tenure.contract.settings import Objective
from tenure.families import CrossValidation, direction

FINALISTS = 2

EXPLORED_FOLDS = 1


def finals(
    explored: Mapping[int, CrossValidation],
    folds: int,
    objective: Objective,
    further: Callable[[int, range], CrossValidation],
) -> dict[int, CrossValidation]:
    """All trials' scores by number: the finalists' over more folds than ``explored``, the best one's over all.

    Args:
        explored: scores of the first fold; none for a trial that was given up by its scout.
        folds: how many there are.
        further: scores a trial on more folds.
    """
    sign = 1 if direction(objective) == "minimize" else -1
    scored = dict(explored)
    running = [number for number in scored if scored[number].scores]
    begin = EXPLORED_FOLDS
    for count, end in ((FINALISTS, (folds + 2) // 2), (1, folds)):
        running = sorted(running, key=lambda number: (sign * scored[number].mean, number))[:count]
        for number in running:
            scored[number] = scored[number].then(further(number, range(begin, end)))
        begin = end
    return scored
