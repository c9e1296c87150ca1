"""Population stability index, the distance between distributions by which drift is judged."""

from __future__ import annotations

from tenure.contract.settings import Quality
from tenure.monitoring.statistic import ComparedInput, Statistic, Thresholds

WATCH_PSI = 0.1
"""From this PSI on, a distribution moved (Siddiqi, "Credit Risk Scorecards", 2006)."""


class Psi(Statistic):
    title = "PSI"
    unit = "nats"
    meaning = (
        "Population stability index: the symmetrised Kullback-Leibler divergence over bins, missing values included."
    )

    def compute(self, found: ComparedInput) -> float:
        return found.shares.psi

    def thresholds(self, quality: Quality) -> Thresholds:
        return thresholds(quality.max_psi)


def thresholds(max_psi: float) -> Thresholds:
    """The thresholds of PSI; ``max_psi`` asks for a new model."""
    return Thresholds(watch=min(WATCH_PSI, max_psi), retrain=max_psi)


STATISTIC = Psi()
