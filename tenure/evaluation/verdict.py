"""Bless, reject or inconclusive: which model may go live, decided from numbers alone.

    any check fails             → reject
    none fails, one is unsure   → inconclusive
    all pass                    → bless

A check on a floor passes when the whole interval is above it, fails when the whole interval is below,
and is unsure when the floor lies inside. "Unsure" never passes silently: an inconclusive model is
registered only when a person overrides, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from tenure.evaluation.against import against, asked
from tenure.evaluation.paired import Comparison
from tenure.evaluation.reason import Reason
from tenure.evaluation.words import between_money, money, score
from tenure.stats.bootstrap import Estimate

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

State = Literal["bless", "reject", "inconclusive"]
Compared = TypeVar("Compared")
"""How two models compare on the same rows: ``Comparison``, or that of a regression."""


@dataclass(frozen=True)
class Verdict:
    """Whether the candidate may go live, and why; the reasons that decide come first."""

    state: State
    summary: str
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "summary": self.summary,
            "reasons": [{"check": r.check, "outcome": r.outcome, "text": r.text} for r in self.reasons],
        }


@dataclass(frozen=True)
class Challenge(Generic[Compared]):
    """The champion that a candidate stands against, and how the two compare."""

    version: str
    """The champion's version in the registry."""
    identical: bool = False
    """Whether candidate and champion are the same bundle."""
    unreadable: str | None = None
    """Why the champion cannot be scored on these rows, if it cannot."""
    comparison: Compared | None = None
    slices: tuple[tuple[str, Compared], ...] = ()
    """Name of each slice that is large enough, and the comparison on its rows."""


def decide(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    currency: str,
    *,
    rows: int,
    churners: int,
    constant: bool,
    challenge: Challenge[Comparison] | None,
) -> Verdict:
    """The verdict on a candidate.

    Args:
        metrics: the candidate's, from ``measure``; empty where the rows hold one class.
        acceptance: floors and confidence of the contract.
        rows, churners: size of the test part.
        constant: whether the candidate gives every row the same probability.
        challenge: the champion; none where nothing is registered yet.
    """
    if challenge is not None and challenge.identical:
        text = f"The candidate is identical to the champion, version {challenge.version}: nothing new to register."
        return Verdict("bless", text, (Reason("champion", "pass", text),))
    if churners in (0, rows):
        who = "no churner" if churners == 0 else "churners only"
        text = f"The test part ({rows:,} rows) holds {who}: no model can be judged on it."
        return Verdict("inconclusive", text, (Reason("test part", "unsure", text),))

    reasons = [*_floors(metrics, acceptance), _beats_nobody(metrics["profit_per_day"], currency)]
    if constant:
        reasons.append(Reason("constant", "unsure", "The candidate gives every customer the same probability."))
    if challenge is not None:
        reasons += _against(challenge, acceptance, currency)
    return _combine(reasons, challenge)


def _combine(reasons: Sequence[Reason], challenge: Challenge[Comparison] | None) -> Verdict:
    order = {"fail": 0, "unsure": 1, "pass": 2}
    # Among equals, what is said about the champion comes first: it is what the reader asks.
    ranked = sorted(reasons, key=lambda reason: (order[reason.outcome], not asked(reason)))
    worst = ranked[0].outcome
    if worst == "fail":
        return Verdict("reject", ranked[0].text, tuple(ranked))
    if worst == "unsure":
        return Verdict("inconclusive", ranked[0].text, tuple(ranked))
    text = (
        ranked[0].text if challenge is not None else "There is no champion yet, and the candidate passes every check."
    )
    return Verdict("bless", text, tuple(ranked))


def _floors(metrics: Mapping[str, Estimate], acceptance: Acceptance) -> list[Reason]:
    reasons = [_floor("ROC-AUC", metrics["roc_auc"], acceptance.min_roc_auc)]
    # A floor of zero is no floor: precision is not even defined where nobody is contacted.
    if acceptance.min_recall > 0.0:
        reasons.append(_floor("recall", metrics["recall"], acceptance.min_recall))
    if acceptance.min_precision > 0.0:
        reasons.append(_floor("precision", metrics["precision"], acceptance.min_precision))
    reasons.append(_ceiling("calibration error", metrics["calibration_error"], acceptance.max_calibration_error))
    return reasons


def _floor(name: str, estimate: Estimate, floor: float) -> Reason:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Reason(
            name, "unsure", f"The {name} is not defined on these rows, so its floor of {floor:g} is not shown to hold."
        )
    said = f"The {name} is {score(estimate.value)} ({_between(estimate)})"
    if estimate.low >= floor:
        return Reason(name, "pass", f"{said}, above its floor of {floor:g}.")
    if estimate.high < floor:
        return Reason(name, "fail", f"{said}, below its floor of {floor:g}.")
    return Reason(name, "unsure", f"{said}: too close to its floor of {floor:g} to tell.")


def _ceiling(name: str, estimate: Estimate, ceiling: float) -> Reason:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Reason(
            name,
            "unsure",
            f"The {name} is not defined on these rows, so its limit of {ceiling:g} is not shown to hold.",
        )
    said = f"The {name} is {score(estimate.value)} ({_between(estimate)})"
    if estimate.high <= ceiling:
        return Reason(name, "pass", f"{said}, under its limit of {ceiling:g}.")
    if estimate.low > ceiling:
        return Reason(name, "fail", f"{said}, over its limit of {ceiling:g}.")
    return Reason(name, "unsure", f"{said}: too close to its limit of {ceiling:g} to tell.")


def _beats_nobody(profit: Estimate, currency: str) -> Reason:
    check = "profit against contacting nobody"
    if profit.value is None or profit.low is None or profit.high is None:
        return Reason(check, "unsure", "The campaign's profit is not defined on these rows.")
    said = f"The campaign earns {money(profit.value, currency)} a day ({between_money(profit, currency)})"
    if profit.low > 0.0:
        return Reason(check, "pass", f"{said}, more than contacting nobody.")
    if profit.high <= 0.0:
        return Reason(check, "fail", f"{said}, no more than contacting nobody.")
    return Reason(check, "unsure", f"{said}: not clearly more than contacting nobody.")


def _against(challenge: Challenge[Comparison], acceptance: Acceptance, currency: str) -> list[Reason]:
    if challenge.unreadable is not None or challenge.comparison is None:
        why = challenge.unreadable or "it was not scored"
        text = (
            f"The champion, version {challenge.version}, cannot be scored,"
            f" so nothing shows that this model is better: {why}"
        )
        return [Reason("champion", "unsure", text)]
    return against(challenge.comparison, challenge.slices, challenge.version, acceptance, currency)


def _between(estimate: Estimate) -> str:
    return f"95 % interval {score(estimate.low or 0.0)} to {score(estimate.high or 0.0)}"
