"""Candidate against champion of a regression, as reasons in words: a smaller error, and no worse elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import POWER, check_slices
from tenure.evaluation.reason import Reason
from tenure.evaluation.regression.paired import ValueComparison
from tenure.evaluation.regression.words import NAMES, quantity
from tenure.evaluation.slice_reasons import slice_reasons
from tenure.evaluation.words import percent

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

COVERAGE_MARGIN = 0.02
"""How much further than the champion's a candidate's coverage may fall short: two percentage points."""

CHECK = "error against the champion"


def against(
    comparison: ValueComparison,
    slices: Sequence[tuple[str, ValueComparison]],
    version: str,
    acceptance: Acceptance,
    unit: str,
) -> list[Reason]:
    """The reasons that speak for and against a candidate that was compared with the champion ``version``.

    Args:
        slices: name of each slice that is large enough to be compared, and the comparison on its rows.
        unit: of the label.
    """
    checks = check_slices([(name, here.advantage) for name, here in slices], comparison.advantage, acceptance)
    return [
        _smaller(comparison, version, acceptance.confidence, unit),
        _coverage(comparison, acceptance.confidence),
        *slice_reasons(
            checks,
            acceptance.max_slice_loss,
            "what the champion is better there than the mean",
            lambda found: _difference(found, "the champion", unit, who="its"),
            lambda found: _interval(found, unit),
        ),
    ]


def asked(reason: Reason) -> bool:
    """Whether ``reason`` is what a reader asks first: is the candidate better than the champion?"""
    return reason.check == CHECK


def _smaller(comparison: ValueComparison, version: str, confidence: float, unit: str) -> Reason:
    """Whether the whole interval of the difference, at the contract's confidence, is on one side of 0.

    So each side errs half as often as the contract allows. The profit of a classification, bounded for every customer,
    needs no such care; a squared error, most of which a few customers make, does. Heavy tails raise the chance that a
    mean over its standard error exceeds the 1.64 of a test at 5 % on one side, and lower it past the square root of 3,
    where the 1.96 of one at 2.5 % lies (the term of the kurtosis in Hall 1992, "The bootstrap and Edgeworth
    expansion", section 2.6). Measured on what customers spend, the former promotes equal models in up to 6.7 % of the
    cases, the latter in less than 4 % (``benchmarks/value_verdict.py``). Studentized resamples would not help: they
    mend skew, and take the heavy tails for more than they are.
    """
    found, sure = comparison.advantage, (1.0 + confidence) / 2.0
    if comparison.different_values == 0:
        text = f"The candidate predicts exactly what the champion, version {version}, predicts."
        return Reason(CHECK, "unsure", text)
    if found.difference.low is None or found.difference.high is None:
        text = f"By how much its error differs from that of the champion, version {version}, is not defined here."
        return Reason(CHECK, "unsure", text)
    said = f"{_difference(found, f'the champion, version {version}', unit)} ({_interval(found, unit)})"
    if found.share_better >= sure:
        return Reason(CHECK, "pass", f"{said}; it is better in {percent(found.share_better)} of the resamples.")
    if found.share_worse >= sure:
        return Reason(CHECK, "fail", f"{said}; it is worse in {percent(found.share_worse)} of the resamples.")
    return Reason(
        CHECK,
        "unsure",
        f"{said}; it is better in {percent(found.share_better)} of the resamples, {percent(sure)} are needed.",
    )


def _coverage(comparison: ValueComparison, confidence: float) -> Reason:
    """Non-inferiority: the candidate may be worse, but by no more than the margin (Blackwelder 1982).

    Few rows cannot show that even of equal models; as for a slice (``tenure.evaluation.noninferiority``) a candidate is
    then held back only if it is clearly worse. The floor of its coverage is a check of its own.
    """
    check = "coverage against the champion"
    lost, margin = comparison.shortfall_resampled, COVERAGE_MARGIN
    points = 100 * (comparison.coverage.value or 0.0)
    said = f"The coverage of its intervals differs from the champion's by {points:+.1f} points"
    limit = f"{100 * margin:g} points"
    within, quantile = comparison.share_covered_within(margin), NormalDist().inv_cdf
    if within >= confidence:
        return Reason(check, "pass", f"{said}: it does not fall further short of its level by more than {limit}.")
    enough = margin >= (quantile(confidence) + quantile(POWER)) * float(np.std(lost))
    if within <= 1.0 - confidence or (not enough and float(np.mean(lost > 0.0)) >= confidence):
        return Reason(check, "fail", f"{said}: it falls further short of its level.")
    if enough:
        return Reason(check, "unsure", f"{said}: it may fall further short of its level by more than {limit}.")
    return Reason(check, "pass", f"{said}: not clearly less; the rows are too few to tell {limit}.")


def _difference(found: Advantage, than: str, unit: str, *, who: str = "Its") -> str:
    """``Its RMSE is $1.2 smaller than that of the champion``."""
    value = found.difference.value or 0.0
    name, size = NAMES[found.metric], quantity(abs(value), unit)
    return f"{who} {name} is {size} {'smaller' if value <= 0.0 else 'larger'} than that of {than}"


def _interval(found: Advantage, unit: str) -> str:
    low, high = (quantity(end or 0.0, unit) for end in (found.difference.low, found.difference.high))
    return f"difference: 95 % interval {low} to {high}"
