"""Candidate against champion, as reasons in words: better in the decision metric, no worse elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import check_slices
from tenure.evaluation.paired import Comparison
from tenure.evaluation.reason import Reason
from tenure.evaluation.slice_reasons import slice_reasons
from tenure.evaluation.words import between_money, money, percent

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

CALIBRATION_MARGIN = 0.02
"""How much worse than the champion's a candidate's calibration error may be: two percentage points."""

METRICS = {
    "profit": "profit",
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
}


def against(
    comparison: Comparison,
    slices: Sequence[tuple[str, Comparison]],
    version: str,
    acceptance: Acceptance,
    currency: str,
) -> list[Reason]:
    """The reasons that speak for and against a candidate that was compared with the champion ``version``.

    Args:
        slices: name of each slice that is large enough to be compared, and the comparison on its rows.
    """
    checks = check_slices([(name, here.advantage) for name, here in slices], comparison.advantage, acceptance)
    return [
        _better(comparison, version, acceptance.confidence, currency),
        _calibration(comparison, acceptance.confidence),
        *slice_reasons(
            checks,
            acceptance.max_slice_loss,
            "what the champion is worth there",
            lambda found: _difference(found, "the champion", currency, inside=True),
            lambda found: _interval(found, currency),
        ),
    ]


def asked(reason: Reason) -> bool:
    """Whether ``reason`` is what a reader asks first: is the candidate better than the champion?"""
    return reason.check in {f"{name} against the champion" for name in METRICS.values()}


def _better(comparison: Comparison, version: str, confidence: float, currency: str) -> Reason:
    found = comparison.advantage
    check = f"{METRICS[found.metric]} against the champion"
    if found.metric == "profit" and comparison.different_decisions == 0:
        text = f"The candidate contacts exactly the customers that the champion, version {version}, contacts."
        return Reason(check, "unsure", text)
    said = f"{_difference(found, f'the champion, version {version}', currency)} ({_interval(found, currency)})"
    if found.share_better >= confidence:
        return Reason(check, "pass", f"{said}; it is better in {percent(found.share_better)} of the resamples.")
    if found.share_worse >= confidence:
        return Reason(check, "fail", f"{said}; it is worse in {percent(found.share_worse)} of the resamples.")
    return Reason(
        check,
        "unsure",
        f"{said}; it is better in {percent(found.share_better)} of the resamples, {percent(confidence)} are needed.",
    )


def _calibration(comparison: Comparison, confidence: float) -> Reason:
    """Non-inferiority: the candidate may be worse, but by no more than the margin (Blackwelder 1982)."""
    check = "calibration against the champion"
    within = comparison.share_calibrated_within(CALIBRATION_MARGIN)
    said = f"Its calibration error differs from the champion's by {comparison.calibration_error.value:+.3f}"
    if within >= confidence:
        return Reason(check, "pass", f"{said}: not worse by more than {CALIBRATION_MARGIN:g}.")
    if within <= 1.0 - confidence:
        return Reason(check, "fail", f"{said}: worse by more than {CALIBRATION_MARGIN:g}.")
    return Reason(check, "unsure", f"{said}: it may be worse by more than {CALIBRATION_MARGIN:g}.")


def _difference(found: Advantage, than: str, currency: str, *, inside: bool = False) -> str:
    """``The candidate earns $12 a day more than the champion``, or by how much its metric is higher."""
    value = found.difference.value or 0.0
    who = "the candidate" if inside else "The candidate"
    if found.metric == "profit":
        return f"{who} earns {money(abs(value), currency)} a day {'more' if value >= 0.0 else 'less'} than {than}"
    which = "higher" if value >= 0.0 else "lower"
    return f"{who}'s {METRICS[found.metric]} is {abs(value):.4f} {which} than that of {than}"


def _interval(found: Advantage, currency: str) -> str:
    if found.metric == "profit":
        return between_money(found.difference, currency)
    return f"95 % interval {found.difference.low or 0.0:+.4f} to {found.difference.high or 0.0:+.4f}"
