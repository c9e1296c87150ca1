"""Non-inferiority on every slice: a gain over all customers must not be paid for by some of them.

The candidate may lose, in no slice, more than a share of what the champion is worth there (``max_slice_loss``; the
margin of a non-inferiority test as a share of the standard's own effect over none, as in Food and Drug Administration
2016, "Non-inferiority clinical trials to establish effectiveness", section IV). What a champion is worth in a slice may
be little, or be estimated badly; a customer of a slice therefore counts at least like one of all customers.

    pass     the loss is under the margin, with the contract's confidence
    fail     not that, and the candidate is clearly worse: so sure that all slices together err no oftener than one
             (Bonferroni)
    unsure   neither, though the slice is large enough: had the two been equal, all such slices would have passed in
             four of five cases
    too small           neither, and the slice could not have shown it: no reason to hold every candidate back for
             ever, and no proof either. It is reported, with the loss that would have been noticed.

That all slices must pass needs no correction: each is tested at full level, and the whole is stricter than any one
(intersection-union test, Berger 1982). It is power that many slices cost, and by which "large enough" is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from tenure.contract.settings import Acceptance
from tenure.evaluation.advantage import Advantage

Finding = Literal["pass", "fail", "unsure", "too small"]

POWER = 0.8
"""How often equal models should pass on all slices that count as large enough."""


@dataclass(frozen=True)
class SliceCheck:
    """The finding of one slice."""

    name: str
    finding: Finding
    advantage: Advantage
    margin: float
    """The loss that is tolerated, in the metric's own units."""
    noticed_loss: float
    """The true loss that would have failed in four of five cases, as a share of what the champion is worth."""


def check_slices(
    slices: Sequence[tuple[str, Advantage]], overall: Advantage, acceptance: Acceptance
) -> list[SliceCheck]:
    """Each slice by name, with the comparison on its rows, held against the margin.

    Args:
        overall: the comparison on all rows.
    """
    if not slices:
        return []
    confidence, tolerated = acceptance.confidence, acceptance.max_slice_loss
    certain = 1.0 - (1.0 - confidence) / len(slices)
    quantile = NormalDist().inv_cdf
    power_of_all = quantile(1.0 - (1.0 - POWER) / len(slices))
    found = []
    for name, here in slices:
        # Profit of a period adds up over the slices; the other metrics are means.
        of_all = overall.worth * (here.rows / overall.rows if here.metric == "profit" else 1.0)
        worth = max(here.worth, of_all, 0.0)
        margin, error = tolerated * worth, here.standard_error
        finding: Finding = "too small"
        if here.share_within(margin) >= confidence:
            finding = "pass"
        elif here.share_worse >= certain:
            finding = "fail"
        elif margin >= (quantile(confidence) + power_of_all) * error:
            finding = "unsure"
        loss = (quantile(certain) + quantile(POWER)) * error
        found.append(SliceCheck(name, finding, here, margin, loss / worth if worth > 0.0 else float("inf")))
    return found
