"""Which trials of a large table go on past their scouts: successive halving (Jamieson and Talwalkar 2016).

    all scouted ─▶ the best CONTENDERS: first fold ─▶ the best FINALISTS: second fold ─▶ the best of them: all

All trials see the same folds. Where folds are large, one alone puts trials almost in the order that all of them do;
where they are small it does not, and every trial is raced through all folds instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tenure.contract.settings import Objective
from tenure.training.families import CrossValidation, direction

CONTENDERS, FINALISTS = 3, 2


def finals(
    scouted: Mapping[int, float],
    folds: int,
    objective: Objective,
    further: Callable[[int, range], CrossValidation],
) -> dict[int, CrossValidation]:
    """All trials' scores by number: none of those that stay behind at first, of the best one over all folds.

    Args:
        scouted: the scouts' scores.
        folds: how many there are, at least two.
        further: scores a trial on more folds.
    """
    sign = 1 if direction(objective) == "minimize" else -1
    scored = {number: CrossValidation((), ()) for number in scouted}
    rank = {number: (sign * score, number) for number, score in scouted.items()}
    begin = 0
    for count, end in ((CONTENDERS, 1), (FINALISTS, 2), (1, folds)):
        running = sorted(rank, key=rank.__getitem__)[:count]
        if begin < end:
            for number in running:
                scored[number] = scored[number].then(further(number, range(begin, end)))
        rank = {number: (sign * scored[number].mean, number) for number in running}
        begin = end
    return scored
