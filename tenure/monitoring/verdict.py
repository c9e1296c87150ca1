"""The verdict on drift: retrain, watch, fine or undecided. A pure function of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tenure.monitoring.statistic import Measured
from tenure.monitoring.statistics import psi

State = Literal["retrain", "watch", "fine", "undecided"]
"""``undecided``: too few customers to judge."""


@dataclass(frozen=True)
class Verdict:
    """What to do, and why."""

    state: State
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """What drift is judged by."""

    max_psi: float
    """From this PSI on, the model should be trained anew."""
    max_rejected_share: float
    """Above this share of rows that cannot be read, the table should be looked at; retraining does not help."""

    @property
    def watch_psi(self) -> float:
        """From this PSI on, a column is watched."""
        return psi.thresholds(self.max_psi).watch


def decide(
    columns: Mapping[str, float],
    scores: float | None,
    rejected_share: float,
    limits: Limits,
    *,
    predicted: str = "the probabilities",
    further: Iterable[Measured] = (),
) -> Verdict:
    """Judge drift.

    Args:
        columns: PSI of each input against the model's reference.
        scores: PSI of the predictions; None if there is nothing to compare them with.
        rejected_share: share of the table's rows that cannot be read.
        limits: of the contract.
        predicted: what the predictions are called in a reason.
        further: other statistics of the inputs.
    """
    worst = sorted(columns.items(), key=lambda item: -item[1])
    distances = [(f"'{name}'", value) for name, value in worst]
    if scores is not None:
        distances.append((predicted, scores))
    far, near = psi.STATISTIC.judge(distances, psi.thresholds(limits.max_psi))
    for measured in further:
        moved_far, moved = measured.judge()
        far += moved_far
        near += moved
    unread = []
    if rejected_share > limits.max_rejected_share:
        unread.append(
            f"{rejected_share:.1%} of the rows cannot be read, at most {limits.max_rejected_share:.1%} should be"
        )
    if far:
        return Verdict("retrain", (*far, *near, *unread))
    if near or unread:
        return Verdict("watch", (*near, *unread))
    return Verdict("fine", (f"nothing moved by a PSI of {limits.watch_psi:g} or more",))
