"""Candidate against champion, as reasons in words: better in the decision metric, not worse elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.noninferiority import check_slices
from tenure.evaluation.reason import Reason
from tenure.evaluation.slice_reasons import slice_reasons
from tenure.evaluation.tolerance import Tolerance, check_tolerance
from tenure.number_text import percent

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance


class Comparison(Protocol):
    """A candidate beside a champion on the same rows."""

    @property
    def advantage(self) -> Advantage:
        """In the decision metric."""

    def to_json(self) -> dict[str, Any]: ...


C = TypeVar("C", bound=Comparison)


@dataclass(frozen=True)
class Challenge(Generic[C]):
    """The champion that a candidate is compared with, and the comparison."""

    version: str
    """The champion's version in the registry."""
    identical: bool = False
    """Whether candidate and champion are the same bundle."""
    unreadable: str | None = None
    """Why the champion cannot be scored on these rows, if it cannot."""
    comparison: C | None = None
    slices: tuple[tuple[str, C], ...] = ()
    """Name of each slice that is large enough, and the comparison on its rows."""


Worded_contra = TypeVar("Worded_contra", bound=Comparison, contravariant=True)


class ComparisonWording(Protocol[Worded_contra]):
    """How a task words a comparison."""

    @property
    def worth(self) -> str:
        """What a slice may lose a share of, as in "less than 20 % of"."""

    def check(self, comparison: Worded_contra) -> str:
        """Name of the check that the candidate is better: the first question of a reader."""

    def required_share(self, confidence: float) -> float:
        """Share of resamples in which one of the two must be better."""

    def no_difference(self, comparison: Worded_contra, champion: str) -> str | None:
        """The sentence that candidate and champion decide, or predict, the same; None if they do not."""

    def difference(self, advantage: Advantage, than: str) -> str:
        """By how much the candidate is better or worse, without a capital letter and a full stop."""

    def interval(self, advantage: Advantage) -> str:
        """The interval of the difference."""

    def tolerances(self, comparison: Worded_contra) -> Sequence[Tolerance]:
        """Measures in which the candidate may not be much worse."""


def against(challenge: Challenge[C], acceptance: Acceptance, wording: ComparisonWording[C]) -> list[Reason]:
    """The reasons for and against a candidate that was compared with a champion."""
    if challenge.unreadable is not None or challenge.comparison is None:
        why = challenge.unreadable or "it was not scored"
        text = (
            f"The champion, version {challenge.version}, cannot be scored,"
            f" so nothing shows that this model is better: {why}"
        )
        return [Reason("champion", "unsure", text)]
    comparison, confidence = challenge.comparison, acceptance.confidence
    checks = check_slices([(name, here.advantage) for name, here in challenge.slices], comparison.advantage, acceptance)
    return [
        _better(comparison, f"the champion, version {challenge.version}", confidence, wording),
        *(check_tolerance(tolerance, confidence) for tolerance in wording.tolerances(comparison)),
        *slice_reasons(
            checks,
            acceptance.max_slice_loss,
            wording.worth,
            lambda found: wording.difference(found, "the champion"),
            wording.interval,
        ),
    ]


def _better(comparison: C, champion: str, confidence: float, wording: ComparisonWording[C]) -> Reason:
    """Whether one of the two is better in the required share of the resamples."""
    found, check, required = comparison.advantage, wording.check(comparison), wording.required_share(confidence)
    same = wording.no_difference(comparison, champion)
    if same is not None:
        return Reason(check, "unsure", same)
    if found.difference.value is None:
        text = f"The difference between the candidate and {champion}, is not defined on these rows."
        return Reason(check, "unsure", text)
    difference = wording.difference(found, champion)
    sentence = f"{difference[0].upper()}{difference[1:]} ({wording.interval(found)}); it is"
    better, worse = percent(found.share_better), percent(found.share_worse)
    if found.share_better >= required:
        return Reason(check, "pass", f"{sentence} better in {better} of the resamples.")
    if found.share_worse >= required:
        return Reason(check, "fail", f"{sentence} worse in {worse} of the resamples.")
    text = f"{sentence} better in {better} of the resamples, {percent(required)} are needed."
    return Reason(check, "unsure", text)
