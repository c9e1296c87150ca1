"""An ensemble: a weighted sum of models' log-odds, or of their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import Link, check_finite, freeze

if TYPE_CHECKING:
    from tenure.explanation.model import Terms

SHARE_FLOOR = 1e-3
"""A member's probability is clipped to [SHARE_FLOOR, 1 - SHARE_FLOOR] before its log-odds are taken: a forest of 80
trees can predict 0, and does not resolve smaller shares."""


@dataclass(frozen=True, eq=False)
class EnsembleTerms:
    """``margin = intercept + Σ weight · log-odds of the member``, in log-odds; of a regression with values.

    Log-odds of a member whose margin is a probability are those of the probability clipped by ``SHARE_FLOOR``.

    Raises:
        ValueError: the numbers of weights and members differ, a weight is not above 0, a member is an ensemble, or some
            members predict a value and others a probability.
    """

    members: tuple[Terms, ...]
    weights: NDArray[np.float64]
    """Shape (members,), above 0."""
    intercept: float

    def __post_init__(self) -> None:
        freeze(self, "weights", np.float64)
        object.__setattr__(self, "intercept", float(self.intercept))
        if not self.members or self.weights.shape != (len(self.members),):
            raise ValueError(f"ensemble: {len(self.members)} members, weights of shape {self.weights.shape}")
        check_finite("ensemble", self.weights, np.array(self.intercept))
        if (self.weights <= 0).any():
            raise ValueError("ensemble: a weight is not above 0")
        if any(isinstance(member, EnsembleTerms) for member in self.members):
            raise ValueError("ensemble: a member is an ensemble itself")
        if len({member.link == "value" for member in self.members}) > 1:
            raise ValueError("ensemble: some members predict a value, others a probability")

    @property
    def link(self) -> Link:
        return "value" if self.members[0].link == "value" else "logit"

    @property
    def width(self) -> int:
        """Features read."""
        return max(member.width for member in self.members)

    def arrays(self) -> dict[str, NDArray]:
        """The members' arrays by number, with the weights."""
        named = {
            f"member{index}.{name}": array
            for index, member in enumerate(self.members)
            for name, array in member.arrays().items()
        }
        return named | {"member_weights": self.weights, "intercept": np.array(self.intercept)}


def combine(margins: Sequence[NDArray[np.float64]], terms: EnsembleTerms) -> NDArray[np.float64]:
    """The ensemble's margin from its members' margins, shape (n,) each."""
    total = np.full(len(margins[0]), terms.intercept)
    for weight, member, margin in zip(terms.weights, terms.members, margins, strict=True):
        total += weight * (log_odds(margin) if member.link == "identity" else margin)
    return total


def log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of probabilities, any shape, clipped by ``SHARE_FLOOR``."""
    clipped = np.clip(share, SHARE_FLOOR, 1.0 - SHARE_FLOOR)
    odds: NDArray[np.float64] = np.log(clipped) - np.log(1.0 - clipped)
    return odds


class ColumnExplainer(Protocol):
    """Contributions of source columns to one model's margin."""

    expected: float

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (columns,); their sum is ``margin - expected``."""


class EnsembleExplainer:
    """Contributions to an ensemble's margin: the weighted sum of the members' contributions.

    The contributions of a member that explains a probability are multiplied by the slope of the secant of the log-odds
    between its expected and its predicted probability (the rescale rule of Shrikumar et al. 2017). Their proportions
    stay the same, and their sum becomes the difference of the log-odds.
    """

    def __init__(self, terms: EnsembleTerms, explainers: Sequence[ColumnExplainer]) -> None:
        self._terms = terms
        self._explainers = explainers
        self.expected = float(combine([np.array([each.expected]) for each in explainers], terms)[0])
        """Margin at the members' expected margins: the baseline of the contributions."""

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Contribution of every source column of one row, shape (columns,); their sum is ``margin - expected``."""
        parts = []
        for weight, member, explainer in zip(self._terms.weights, self._terms.members, self._explainers, strict=True):
            part = explainer.contributions(row)
            slope = _secant(explainer.expected, explainer.expected + part.sum()) if member.link == "identity" else 1.0
            parts.append(weight * slope * part)
        return np.sum(parts, axis=0)


def _secant(start: float, end: float) -> float:
    """Slope of the log-odds between two probabilities; 1 for equal ones, whose contributions are 0."""
    if abs(end - start) < 1e-12:
        return 1.0
    low, high = log_odds(np.array([start, end]))
    return float((high - low) / (end - start))
