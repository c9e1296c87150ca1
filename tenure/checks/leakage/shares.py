"""How likely it is that a value is as rare as it is in one class, by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

OFTEN = 0.20
"""Smallest share of one class that must have a value for it to be a value of that class."""
RARELY = 0.01
"""Largest share of the other class that may have it."""
MAX_CHANCE = 1e-6
"""Largest probability of the evidence if the value and the class were independent, over all values looked at."""
HONEST_DISTANCE = 1.8123876048736471
"""Largest distance of the classes in an honest feature: that of the means, in standard deviations, of a normal score
with a ROC-AUC of 0.90 (√2 · Φ⁻¹(0.90)). Its ROC curve says how rare in one class a value may be that the other has."""
MAX_HONEST_CHANCE = 0.05
"""Largest probability of the evidence, if the value were the end of such a score, that stops a run."""
DOUBTFUL_CHANCE = 0.25
"""Largest such probability that warns."""


@dataclass(frozen=True)
class Shares:
    """Rows with a value, in the class that has it often and in the other class."""

    often: int
    rows_often: int
    """Rows of the class."""
    rarely: int
    rows_rarely: int

    @property
    def coverage(self) -> float:
        """Share of the class that has the value."""
        return self.often / self.rows_often

    @property
    def remainder(self) -> float:
        """Share of the other class that has it."""
        return self.rarely / self.rows_rarely

    def one_sided(self, looked_at: int) -> bool:
        """Whether the value is (almost) confined to one class, and not by chance.

        Args:
            looked_at: values that were compared: the smallest of many probabilities is small by chance.
        """
        if self.coverage < OFTEN or self.remainder > RARELY:
            return False
        share = (self.often + self.rarely) / (self.rows_often + self.rows_rarely)
        return looked_at * self._chance(share) < MAX_CHANCE and self.honest_chance < DOUBTFUL_CHANCE

    @property
    def honest_chance(self) -> float:
        """Probability that the other class has the value so rarely, if the value were the end of an honest score."""
        from statistics import NormalDist  # few tables have a value that is compared, and the import takes 10 ms

        normal = NormalDist()
        coverage = (self.often + 0.5) / (self.rows_often + 1.0)
        return self._chance(normal.cdf(normal.inv_cdf(coverage) - HONEST_DISTANCE))

    def _chance(self, share: float) -> float:
        """Bound on the probability of ``rarely`` or fewer rows where each has the value with probability ``share``.

        Chernoff 1952; exact where no row has the value.
        """
        found = self.remainder
        if found >= share:
            return 1.0
        if share >= 1.0:
            return 0.0
        divergence = (1.0 - found) * math.log((1.0 - found) / (1.0 - share))
        if found > 0.0:
            divergence += found * math.log(found / share)
        return math.exp(-self.rows_rarely * divergence)
