"""Which candidate goes to evaluation: the simplest of those that nothing shows to be worse than the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenure.contract.settings import Objective
from tenure.explanation import EnsembleTerms, InteractionTerms, LinearTerms, QuadraticTerms, Terms
from tenure.training.families import direction


@dataclass(frozen=True)
class Blocks:
    """How many rows there are in what candidates are scored on: in all folds together, and in the validation part."""

    train_rows: int
    validation_rows: int

    def weights(self, folds: int) -> list[float]:
        """Share of all rows in each fold, and in the validation part."""
        total = self.train_rows + self.validation_rows
        return [self.train_rows / folds / total] * folds + [self.validation_rows / total]


@dataclass(frozen=True)
class Contender:
    """What a candidate is chosen by."""

    folds: tuple[float, ...]
    """The objective on each fold; the same folds for every contender."""
    validation: float
    """The objective on the validation part."""
    complexity: int
    """See ``complexity``."""

    def pooled(self, blocks: Blocks) -> float:
        """Mean of all scores, weighted by the rows behind them.

        The validation part alone is too small to rank families: with 1,000 rows the standard error of a ROC-AUC is
        about 0.013, several times what separates them. Cross-validation scores every training row out of sample, too,
        though its winner was picked for its score; the validation part had no say in the search. So both count, each
        by its rows, and every row that may be looked at is used once.
        """
        return float(np.dot(blocks.weights(len(self.folds)), [*self.folds, self.validation]))

    def error_of_lead(self, over: Contender, blocks: Blocks) -> float:
        """Standard error of the difference of the two pooled scores.

        Both were scored on the same blocks of rows, and what makes a block hard for both cancels out. How a mean over
        blocks would vary follows from how the difference varies from block to block.
        """
        weight = np.array(blocks.weights(len(self.folds)))
        lead = np.array([*self.folds, self.validation]) - np.array([*over.folds, over.validation])
        away = lead - float(weight @ lead)
        return math.sqrt(float(weight**2 @ away**2) * len(weight) / (len(weight) - 1))


def choose(objective: Objective, contenders: Sequence[Contender], blocks: Blocks) -> int:
    """The place of the chosen one, by the rule of one standard error.

    Breiman et al. 1984, "Classification and regression trees", section 3.4.3. Of those that are behind the best by no
    more than a standard error of the difference, the simplest is chosen; of equally simple ones the one with the best
    pooled score; of equals the first. What separates families is often less than what another draw of the rows would
    change. Then the simpler one is as good on new customers, and more: it is explained exactly, and quicker.
    """
    sign = 1.0 if direction(objective) == "maximize" else -1.0
    scores = [sign * contender.pooled(blocks) for contender in contenders]
    best = int(np.argmax(scores))
    near = [
        place
        for place, contender in enumerate(contenders)
        if scores[best] - scores[place] <= contenders[best].error_of_lead(contender, blocks)
    ]
    return min(near, key=lambda place: (contenders[place].complexity, -scores[place]))


def complexity(terms: Terms) -> int:
    """0: a sum over features; 1: with curves or products of them; 2: trees, networks, neighbours; 3: an ensemble."""
    if isinstance(terms, LinearTerms):
        return 0
    if isinstance(terms, QuadraticTerms | InteractionTerms):
        return 1
    return 3 if isinstance(terms, EnsembleTerms) else 2
