"""What checks of slices found, in words: the same for a probability and for a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import SliceCheck
from tenure.evaluation.reason import Reason
from tenure.evaluation.words import percent

MOST_NAMED = 6
"""Slices named in one sentence."""


def standing_in_the_way(
    checks: Sequence[SliceCheck],
    tolerated: float,
    difference: Callable[[Advantage], str],
    between: Callable[[Advantage], str],
) -> list[Reason]:
    """A reason for each slice that loses, or may lose too much.

    Args:
        tolerated: share that a slice may lose.
        difference: how candidate and champion differ, as the rest of a sentence that begins with the slice.
        between: the difference's interval.
    """
    reasons = []
    for check in checks:
        found = check.advantage
        said = f"Among {check.name} {difference(found)}"
        if check.finding == "fail":
            text = f"{said}; it is worse in {percent(found.share_worse)} of the resamples."
            reasons.append(Reason(f"slice {check.name}", "fail", text))
        elif check.finding == "unsure":
            text = (
                f"{said} ({between(found)}): the loss may be more than the {percent(tolerated, 0)} that a slice may"
                f" lose, and there are enough customers to rule that out if it were not."
            )
            reasons.append(Reason(f"slice {check.name}", "unsure", text))
    return reasons


def named(checks: Sequence[SliceCheck]) -> str:
    """The first few names."""
    names = ", ".join(check.name for check in checks[:MOST_NAMED])
    return names + (", …" if len(checks) > MOST_NAMED else "")
