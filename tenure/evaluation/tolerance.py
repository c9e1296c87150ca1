"""Non-inferiority of a second measure: a candidate may be worse there, but by no more than a margin.

Blackwelder 1982, "'Proving the null hypothesis' in clinical trials".
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tenure.evaluation.noninferiority import POWER
from tenure.evaluation.reason import Reason
from tenure.stats.bootstrap import Floats


@dataclass(frozen=True)
class Tolerance:
    """A measure in which the candidate may lose a little, and the sentences about it."""

    check: str
    losses: Floats
    """(resamples,) by how much the candidate is worse than the champion."""
    margin: float
    sentence: str
    passed: str
    """How the sentence ends; so with ``failed``, ``unsure`` and ``underpowered``."""
    failed: str
    unsure: str
    underpowered: str | None = None
    """For rows that are too few to show non-inferiority even of equal models. The candidate is then held back only if
    it is clearly worse, as in a slice (``tenure.evaluation.noninferiority``). None: it is held back as unsure."""


def check_tolerance(tolerance: Tolerance, confidence: float) -> Reason:
    """Whether the candidate is not worse by more than the margin."""
    within = float(np.mean(tolerance.losses <= tolerance.margin))
    if within >= confidence:
        return Reason(tolerance.check, "pass", tolerance.sentence + tolerance.passed)
    if within <= 1.0 - confidence:
        return Reason(tolerance.check, "fail", tolerance.sentence + tolerance.failed)
    quantile = NormalDist().inv_cdf
    error = float(np.std(tolerance.losses))
    if tolerance.underpowered is None or tolerance.margin >= (quantile(confidence) + quantile(POWER)) * error:
        return Reason(tolerance.check, "unsure", tolerance.sentence + tolerance.unsure)
    if float(np.mean(tolerance.losses > 0.0)) >= confidence:
        return Reason(tolerance.check, "fail", tolerance.sentence + tolerance.failed)
    return Reason(tolerance.check, "pass", tolerance.sentence + tolerance.underpowered)
