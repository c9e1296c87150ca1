"""The findings of slice checks as reasons of the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import SliceCheck
from tenure.evaluation.reason import Reason
from tenure.number_text import percent

MOST_NAMED = 6
"""Slices named in one sentence."""

TOO_FEW = "slices with too few customers"
"""The check that names the slices that are too small to show a loss."""


def slice_reasons(
    checks: Sequence[SliceCheck],
    tolerated: float,
    worth: str,
    difference: Callable[[Advantage], str],
    between: Callable[[Advantage], str],
) -> list[Reason]:
    """A reason for each slice that loses, or may lose too much; one for those that do not, one for those that are too
    small to tell.

    Args:
        tolerated: share of the champion's worth that a slice may lose.
        worth: what that worth is, as in "less than 20 % of".
        difference: how candidate and champion differ, as the rest of a sentence that begins with the slice.
        between: the difference's interval.
    """
    if not checks:
        return []
    reasons = []
    for check in checks:
        found = check.advantage
        sentence = f"Among {check.name} {difference(found)}"
        if check.finding == "fail":
            text = f"{sentence}; it is worse in {percent(found.share_worse)} of the resamples."
            reasons.append(Reason(f"slice {check.name}", "fail", text))
        elif check.finding == "unsure":
            text = (
                f"{sentence} ({between(found)}): the loss may be more than the {percent(tolerated, 0)} that a slice may"
                f" lose, and there are enough customers to rule that out if it were not."
            )
            reasons.append(Reason(f"slice {check.name}", "unsure", text))
    counts = Counter(check.finding for check in checks)
    text = (
        f"In {counts['pass']} of {len(checks)} slices the candidate is shown to lose less than"
        f" {percent(tolerated, 0)} of {worth}."
    )
    return [*reasons, Reason("slices", "pass", text), *_too_few([c for c in checks if c.finding == "too small"], worth)]


def _too_few(small: Sequence[SliceCheck], worth: str) -> list[Reason]:
    if not small:
        return []
    worst = max(check.noticed_loss for check in small)
    unseen = f"a loss of {percent(worst, 0)} of {worth}" if worst < 1.0 else "even a large loss"
    text = (
        f"Too few customers to show that the candidate does not lose there: {named([check.name for check in small])}."
        f" None clearly loses, but {unseen} might go unnoticed."
    )
    return [Reason(TOO_FEW, "pass", text)]


def named(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
