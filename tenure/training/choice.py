"""Which candidate goes to evaluation: the simplest of those that nothing shows to be worse than the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Objective
from tenure.explanation import EnsembleTerms, FlatTrees, InteractionTerms, LinearTerms, QuadraticTerms, Terms
from tenure.stats.jackknife import groups_of, jackknife_error
from tenure.training.families import direction, evaluate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contender:
    """What a candidate is chosen by."""

    predicted: Floats
    """Calibrated probabilities, or values, for the rows held out; shape (rows,)."""
    complexity: int
    """See ``complexity``."""


@dataclass(frozen=True)
class Ground:
    """The rows on which contenders are compared."""

    objective: Objective
    label: NDArray[Any]
    """Shape (rows,)."""
    seed: int
    customer: NDArray[np.int64] | None = None
    """Of ``tenure.stats.clusters.customers_of``, shape (rows,)."""

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The group of the jackknife that each row is in, shape (rows,)."""
        return groups_of(self.label, self.seed, self.customer)

    def scores(self, predicted: Floats) -> tuple[float, Floats]:
        """The objective, the larger the better, on all rows; and without each group, shape (groups,)."""
        sign = 1.0 if direction(self.objective) == "maximize" else -1.0
        without = [
            evaluate(self.objective, self.label[rest], predicted[rest])
            for group in range(int(self.groups.max()) + 1)
            for rest in (self.groups != group,)
        ]
        return sign * evaluate(self.objective, self.label, predicted), sign * np.array(without)


def choose(ground: Ground, contenders: Sequence[Contender]) -> int:
    """The place of the chosen one, by the rule of one standard error.

    Breiman et al. 1984, "Classification and regression trees", section 3.4.3. Of those that are behind the best by no
    more than a standard error of the difference, the simplest is chosen; of equally simple ones the one with the best
    score; of equals the first. What separates families is often less than what another draw of the rows would change.
    Then the simpler one is as good on new customers, and more: it is explained exactly, and quicker.

    The error is that of the difference between two scores on the same rows, by the jackknife: what makes rows hard for
    both cancels out.
    """
    scored = [ground.scores(contender.predicted) for contender in contenders]
    scores = [score for score, _ in scored]
    best = int(np.argmax(scores))
    near = [
        place
        for place, (score, without) in enumerate(scored)
        if scores[best] - score <= jackknife_error(scored[best][1] - without)
    ]
    return min(near, key=lambda place: (contenders[place].complexity, -scores[place]))


def complexity(terms: Terms) -> int:
    """0: a sum over features; 1: with curves or products of them, or one tree; 2: trees, networks, neighbours, kernel
    machines; 3: an ensemble."""
    if isinstance(terms, LinearTerms):
        return 0
    if isinstance(terms, QuadraticTerms | InteractionTerms) or (isinstance(terms, FlatTrees) and len(terms.roots) == 1):
        return 1
    return 3 if isinstance(terms, EnsembleTerms) else 2
