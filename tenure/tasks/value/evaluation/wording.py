"""How a comparison of two regression models is worded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.limit import between
from tenure.evaluation.tolerance import Tolerance
from tenure.number_text import quantity
from tenure.tasks.value.evaluation.comparison import ValueComparison

COVERAGE_MARGIN = 0.02
"""How much further than the champion's a candidate's coverage may fall short: two percentage points."""

METRICS = {"rmse": "RMSE", "mae": "mean absolute error"}


@dataclass(frozen=True)
class ValueWording:
    """See ``tenure.evaluation.against.ComparisonWording``."""

    unit: str
    """Of the label."""
    worth = "what the champion is better there than the mean"

    def check(self, comparison: ValueComparison) -> str:  # noqa: ARG002 the same for every objective
        return "error against the champion"

    def required_share(self, confidence: float) -> float:
        """Such that the whole interval of the difference, at the contract's confidence, is on one side of 0.

        So each side errs half as often as the contract allows. The profit of a classification, bounded for every
        customer, needs no such care; a squared error, most of which a few customers make, does. Heavy tails raise the
        chance that a mean over its standard error exceeds the 1.64 of a test at 5 % on one side, and lower it past the
        square root of 3, where the 1.96 of one at 2.5 % lies (the term of the kurtosis in Hall 1992, "The bootstrap
        and Edgeworth expansion", section 2.6). Measured on what customers spend, the former promotes equal models in
        up to 6.7 % of the cases, the latter in less than 4 % (``benchmarks/value_verdict.py``). Studentized resamples
        would not help: they correct skew, and overestimate the heavy tails.
        """
        return (1.0 + confidence) / 2.0

    def no_difference(self, comparison: ValueComparison, champion: str) -> str | None:
        if comparison.different_values == 0:
            return f"The candidate predicts exactly what {champion}, predicts."
        if comparison.advantage.difference.low is None or comparison.advantage.difference.high is None:
            return f"By how much its error differs from that of {champion}, is not defined here."
        return None

    def difference(self, advantage: Advantage, than: str) -> str:
        """``its RMSE is $1.2 smaller than that of the champion``."""
        value = advantage.difference.value or 0.0
        which = "smaller" if value <= 0.0 else "larger"
        return f"its {METRICS[advantage.metric]} is {quantity(abs(value), self.unit)} {which} than that of {than}"

    def interval(self, advantage: Advantage) -> str:
        return f"difference: {between(advantage.difference, lambda value: quantity(value, self.unit))}"

    def tolerances(self, comparison: ValueComparison) -> Sequence[Tolerance]:
        points, limit = 100 * (comparison.coverage.value or 0.0), f"{100 * COVERAGE_MARGIN:g} points"
        return [
            Tolerance(
                check="coverage against the champion",
                losses=comparison.shortfall_resampled,
                margin=COVERAGE_MARGIN,
                sentence=f"The coverage of its intervals differs from the champion's by {points:+.1f} points",
                passed=f": it does not fall further short of its level by more than {limit}.",
                failed=": it falls further short of its level.",
                unsure=f": it may fall further short of its level by more than {limit}.",
                underpowered=f": not clearly less; the rows are too few to tell {limit}.",
            )
        ]
