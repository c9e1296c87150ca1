"""What drift means: retrain, watch, or fine. A pure function of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["retrain", "watch", "fine", "undecided"]
"""The last where too few customers were met to say anything."""

WATCH_PSI = 0.1
"""From here on something moved (Siddiqi, "Credit Risk Scorecards", 2006)."""


@dataclass(frozen=True)
class Verdict:
    """What to do, and why."""

    state: State
    reasons: tuple[str, ...]


def decide(
    columns: Mapping[str, float],
    scores: float | None,
    rejected_share: float,
    *,
    max_psi: float,
    max_rejected_share: float,
    predicted: str = "the probabilities",
) -> Verdict:
    """Judge drift.

    Args:
        columns: PSI of each input against the model's reference.
        scores: PSI of what was predicted; none if nobody could say.
        rejected_share: of the table's rows that could not be read.
        max_psi: from here on the model is of another time.
        max_rejected_share: from here on the table is of another kind; to be looked at, retraining cures it not.
        predicted: what that was, in words.
    """
    worst = sorted(columns.items(), key=lambda item: -item[1])
    distances = [(f"'{name}'", value) for name, value in worst]
    if scores is not None:
        distances.append((predicted, scores))
    limit = min(WATCH_PSI, max_psi)
    far = [f"{name} moved far: PSI {value:.2f}, limit {max_psi:g}" for name, value in distances if value >= max_psi]
    near = [f"{name} moved: PSI {value:.2f}" for name, value in distances if limit <= value < max_psi]
    odd = []
    if rejected_share > max_rejected_share:
        odd.append(f"{rejected_share:.1%} of the rows cannot be read, at most {max_rejected_share:.1%} should be")
    if far:
        return Verdict("retrain", (*far, *near, *odd))
    if near or odd:
        return Verdict("watch", (*near, *odd))
    return Verdict("fine", (f"nothing moved by a PSI of {limit:g} or more",))
