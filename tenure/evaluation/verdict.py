"""Bless, reject or inconclusive: which model may go live, decided from numbers alone.

    any check fails             → reject
    none fails, one is unsure   → inconclusive
    all pass                    → bless

"Unsure" never passes silently: an inconclusive model is registered only when a person overrides, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tenure.evaluation.against import C, Challenge, ComparisonWording, against
from tenure.evaluation.reason import Outcome, Reason

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

State = Literal["bless", "reject", "inconclusive"]

_STATES: dict[Outcome, State] = {"fail": "reject", "unsure": "inconclusive", "pass": "bless"}
"""By the worst outcome of a check; the worst first."""


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


def decide(
    minimums: Iterable[Reason],
    challenge: Challenge[C] | None,
    wording: ComparisonWording[C],
    acceptance: Acceptance,
    *,
    unusable: str | None,
) -> Verdict:
    """The verdict on a candidate.

    Args:
        minimums: the checks of the candidate alone; not looked at where the test part is unusable.
        challenge: the champion; None where nothing is registered yet.
        wording: of the comparison with the champion.
        unusable: why no model can be judged on the test part, if none can.
    """
    if challenge is not None and challenge.identical:
        text = f"The candidate is identical to the champion, version {challenge.version}: nothing new to register."
        return Verdict("bless", text, (Reason("champion", "pass", text),))
    if unusable is not None:
        return Verdict("inconclusive", unusable, (Reason("test part", "unsure", unusable),))
    reasons = list(minimums)
    if challenge is None:
        return combine(reasons, passed="There is no champion yet, and the candidate passes every check.")
    reasons += against(challenge, acceptance, wording)
    first = None if challenge.comparison is None else wording.check(challenge.comparison)
    return combine(reasons, first=first)


def combine(reasons: Sequence[Reason], *, first: str | None = None, passed: str | None = None) -> Verdict:
    """The verdict that follows from ``reasons``, at least one.

    Args:
        first: the check that comes first among equal outcomes: the one against the champion.
        passed: the summary where all checks pass; the first reason without it.
    """
    order = list(_STATES)
    ranked = tuple(sorted(reasons, key=lambda reason: (order.index(reason.outcome), reason.check != first)))
    worst = ranked[0].outcome
    summary = passed if worst == "pass" and passed is not None else ranked[0].text
    return Verdict(_STATES[worst], summary, ranked)
