"""Bless, reject or inconclusive for a regression. States, reasons and rules are those of ``tenure.evaluation.verdict``.

A check passes when the whole interval is on the right side of its limit, fails when it is wholly on the wrong side,
and is unsure when the limit lies inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tenure.evaluation.reason import Outcome, Reason
from tenure.evaluation.regression.against import against, asked
from tenure.evaluation.regression.measure import Objective
from tenure.evaluation.regression.paired import ValueComparison
from tenure.evaluation.regression.slices import too_few
from tenure.evaluation.verdict import Challenge, Verdict
from tenure.evaluation.words import percent, score
from tenure.stats.bootstrap import Estimate

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

COVERAGE_SLACK = 0.05
"""How far coverage may fall short of the intervals' level where the contract sets no floor."""

Challenger = Challenge[ValueComparison]


def decide(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    *,
    objective: Objective,
    level: float,
    rows: int,
    unit: str,
    constant_label: bool,
    constant: bool,
    challenge: Challenger | None,
) -> Verdict:
    """The verdict on a candidate.

    Args:
        metrics: the candidate's, from ``measure``.
        acceptance: floors and confidence of the contract.
        objective: what the candidate was chosen by, and is compared with the champion by.
        level: what share of the true values the intervals are meant to hold.
        rows: size of the test part.
        unit: of the label, for the words.
        constant_label: whether every row of the test part has the same label.
        constant: whether the candidate gives every row the same value.
        challenge: the champion; none where nothing is registered yet.
    """
    if challenge is not None and challenge.identical:
        text = f"The candidate is identical to the champion, version {challenge.version}: nothing new to register."
        return Verdict("bless", text, (Reason("champion", "pass", text),))
    if constant_label:
        text = f"All {rows:,} rows of the test part have the same label: no model can be judged on them."
        return Verdict("inconclusive", text, (Reason("test part", "unsure", text),))
    few = too_few(rows)
    if few is not None:
        text = f"The test part is {few}: no model can be judged on it."
        return Verdict("inconclusive", text, (Reason("test part", "unsure", text),))

    reasons = [_beats_the_mean(metrics, objective)]
    # A floor of zero is what beating the mean asks for already.
    if acceptance.min_r2 > 0.0:
        reasons.append(_r2(metrics["r2"], acceptance.min_r2))
    reasons.append(_coverage(metrics["coverage"], acceptance.min_coverage, level))
    if constant:
        reasons.append(Reason("constant", "unsure", "The candidate gives every customer the same value."))
    if challenge is not None:
        reasons += _against(challenge, acceptance, unit)
    return _combine(reasons, challenge)


def _combine(reasons: Sequence[Reason], challenge: Challenger | None) -> Verdict:
    order: dict[Outcome, int] = {"fail": 0, "unsure": 1, "pass": 2}
    # Among equals, what is said about the champion comes first: it is what the reader asks.
    ranked = tuple(sorted(reasons, key=lambda reason: (order[reason.outcome], not asked(reason))))
    worst = ranked[0].outcome
    if worst == "fail":
        return Verdict("reject", ranked[0].text, ranked)
    if worst == "unsure":
        return Verdict("inconclusive", ranked[0].text, ranked)
    text = (
        ranked[0].text if challenge is not None else "There is no champion yet, and the candidate passes every check."
    )
    return Verdict("bless", text, ranked)


def _beats_the_mean(metrics: Mapping[str, Estimate], objective: Objective) -> Reason:
    """Against the mean of the test part itself, which nobody could have known: a harder match than that of training."""
    check = "error against the mean"
    ratio = metrics["relative_absolute_error"] if objective == "mae" else _squared_ratio(metrics["r2"])
    what = "absolute" if objective == "mae" else "squared"
    if ratio.value is None or ratio.low is None or ratio.high is None:
        return Reason(check, "unsure", f"Its {what} error cannot be held against that of predicting the mean.")
    said = (
        f"Its {what} error is {percent(ratio.value)} of that of predicting everybody's mean"
        f" (95 % interval {percent(ratio.low)} to {percent(ratio.high)})"
    )
    if ratio.high < 1.0:
        return Reason(check, "pass", f"{said}.")
    if ratio.low >= 1.0:
        return Reason(check, "fail", f"{said}: predicting the mean is no worse.")
    return Reason(check, "unsure", f"{said}: not clearly less.")


def _squared_ratio(r2: Estimate) -> Estimate:
    """Squared error over that of the mean: 1 less R²."""
    if r2.value is None or r2.low is None or r2.high is None:
        return Estimate(None, None, None)
    return Estimate(1.0 - r2.value, 1.0 - r2.high, 1.0 - r2.low)


def _r2(r2: Estimate, floor: float) -> Reason:
    if r2.value is None or r2.low is None or r2.high is None:
        text = f"R² is not defined on these rows, so its floor of {floor:g} is not shown to hold."
        return Reason("R²", "unsure", text)
    said = f"R² is {score(r2.value)} (95 % interval {score(r2.low)} to {score(r2.high)})"
    return Reason("R²", *_above(r2, floor, said, f"its floor of {floor:g}"))


def _coverage(coverage: Estimate, floor: float | None, level: float) -> Reason:
    limit = max(0.0, level - COVERAGE_SLACK) if floor is None else floor
    words = f"its floor of {percent(limit, 0)}"
    if coverage.value is None or coverage.low is None or coverage.high is None:
        text = f"The coverage is not defined on these rows, so {words} is not shown to hold."
        return Reason("coverage", "unsure", text)
    said = (
        f"{percent(coverage.value)} of the true values lie in their {percent(level, 0)} interval"
        f" (95 % interval {percent(coverage.low)} to {percent(coverage.high)})"
    )
    return Reason("coverage", *_above(coverage, limit, said, words))


def _above(estimate: Estimate, limit: float, said: str, words: str) -> tuple[Outcome, str]:
    if (estimate.low or 0.0) >= limit:
        return "pass", f"{said}, above {words}."
    if (estimate.high or 0.0) < limit:
        return "fail", f"{said}, below {words}."
    return "unsure", f"{said}: too close to {words} to tell."


def _against(challenge: Challenger, acceptance: Acceptance, unit: str) -> list[Reason]:
    if challenge.unreadable is not None or challenge.comparison is None:
        why = challenge.unreadable or "it was not scored"
        text = (
            f"The champion, version {challenge.version}, cannot be scored,"
            f" so nothing shows that this model is better: {why}"
        )
        return [Reason("champion", "unsure", text)]
    return against(challenge.comparison, challenge.slices, challenge.version, acceptance, unit)
