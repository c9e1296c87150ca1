"""The verdict on a regression model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tenure.evaluation import Challenge, Reason, Verdict
from tenure.evaluation import decide as decide_any
from tenure.evaluation.limit import Limit, check_limit, floor
from tenure.number_text import percent
from tenure.stats.bootstrap import Estimate
from tenure.tasks.value.evaluation.comparison import ValueComparison
from tenure.tasks.value.evaluation.measure import Objective
from tenure.tasks.value.evaluation.sample_size import too_few
from tenure.tasks.value.evaluation.wording import ValueWording

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance

COVERAGE_SLACK = 0.05
"""How far coverage may fall short of the intervals' level where the contract sets no floor."""


def decide(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    *,
    objective: Objective,
    level: float,
    rows: int,
    customers: int | None = None,
    unit: str,
    constant_label: bool,
    constant: bool,
    challenge: Challenge[ValueComparison] | None,
    where: str = "test part",
) -> Verdict:
    """The verdict on a candidate, see ``tenure.evaluation.verdict``.

    Args:
        metrics: the candidate's, from ``measure``.
        acceptance: minimums and confidence of the contract.
        objective: by which the candidate was chosen, and is compared with the champion.
        level: share of the true values that the intervals are meant to hold.
        rows: that the metrics are of.
        customers: of the rows, where they are fewer.
        unit: of the label, for the sentences.
        constant_label: whether every row of the test part has the same label.
        constant: whether the candidate gives every row the same value.
        challenge: the champion; None where nothing is registered yet.
        where: the rows are, ``test part`` or ``table``.
    """
    unusable = None
    few = too_few(rows, rows if customers is None else customers)
    if constant_label:
        unusable = f"All {rows:,} rows of the {where} have the same label: no model can be judged on them."
    elif few is not None:
        unusable = f"The {where} is {few}: no model can be judged on it."
    minimums = _minimums(metrics, acceptance, objective, level, rows=rows, where=where, constant=constant)
    return decide_any(minimums, challenge, ValueWording(unit), acceptance, unusable=unusable)


def _minimums(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    objective: Objective,
    level: float,
    *,
    rows: int,
    where: str,
    constant: bool,
) -> Iterator[Reason]:
    yield check_limit(_error_against_the_mean(metrics, objective), rows, where)
    # A floor of zero is what beating the mean asks for already.
    if acceptance.min_r2 > 0.0:
        yield check_limit(floor("R²", metrics["r2"], acceptance.min_r2, subject="R²"), rows, where)
    yield check_limit(_coverage(metrics["coverage"], acceptance.min_coverage, level), rows, where)
    if constant:
        yield Reason("constant", "unsure", "The candidate gives every customer the same value.")


def _error_against_the_mean(metrics: Mapping[str, Estimate], objective: Objective) -> Limit:
    """Against the mean of the test part itself, which nobody could have known: harder to beat than that of training."""
    ratio = metrics["relative_absolute_error"] if objective == "mae" else _squared_ratio(metrics["r2"])
    what = "absolute" if objective == "mae" else "squared"
    return Limit(
        check="error against the mean",
        estimate=ratio,
        bound=1.0,
        is_floor=False,
        strict=True,
        sentence=f"Its {what} error is {{}} of that of predicting everybody's mean",
        write=percent,
        passed=".",
        failed=": predicting the mean is no worse.",
        unsure=": not clearly less.",
        undefined=f"Its {what} error cannot be held against that of predicting the mean.",
    )


def _squared_ratio(r2: Estimate) -> Estimate:
    """Squared error over that of the mean: 1 less R²."""
    if r2.value is None or r2.low is None or r2.high is None:
        return Estimate(None, None, None)
    return Estimate(1.0 - r2.value, 1.0 - r2.high, 1.0 - r2.low)


def _coverage(coverage: Estimate, minimum: float | None, level: float) -> Limit:
    bound = max(0.0, level - COVERAGE_SLACK) if minimum is None else minimum
    return floor(
        "coverage",
        coverage,
        bound,
        sentence=f"{{}} of the true values lie in their {percent(level, 0)} interval",
        write=percent,
        bound_text=percent(bound, 0),
    )
