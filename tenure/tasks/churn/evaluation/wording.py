"""How a comparison of two classification models is worded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.evaluation.advantage import Advantage
from tenure.evaluation.limit import between
from tenure.evaluation.tolerance import Tolerance
from tenure.number_text import money
from tenure.tasks.churn.evaluation.comparison import ChurnComparison

CALIBRATION_MARGIN = 0.02
"""How much worse than the champion's a candidate's calibration error may be: two percentage points."""

METRICS = {
    "profit": "profit",
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
}


@dataclass(frozen=True)
class ChurnWording:
    """See ``tenure.evaluation.against.ComparisonWording``."""

    currency: str
    per: str
    """What sums are for and rest on, see ``tenure.business_text.marked``."""
    worth = "what the champion is worth there"

    def check(self, comparison: ChurnComparison) -> str:
        return f"{METRICS[comparison.advantage.metric]} against the champion"

    def required_share(self, confidence: float) -> float:
        return confidence

    def no_difference(self, comparison: ChurnComparison, champion: str) -> str | None:
        if comparison.advantage.metric == "profit" and comparison.different_decisions == 0:
            return f"The candidate contacts exactly the customers that {champion}, contacts."
        return None

    def difference(self, advantage: Advantage, than: str) -> str:
        """``the candidate earns $12 more than the champion in one campaign``, or by how much its metric is higher."""
        value = advantage.difference.value or 0.0
        if advantage.metric == "profit":
            amount = money(abs(value), self.currency)
            return f"the candidate earns {amount} {'more' if value >= 0.0 else 'less'} than {than} {self.per}"
        which = "higher" if value >= 0.0 else "lower"
        return f"the candidate's {METRICS[advantage.metric]} is {abs(value):.4f} {which} than that of {than}"

    def interval(self, advantage: Advantage) -> str:
        if advantage.metric == "profit":
            return between(advantage.difference, lambda value: money(value, self.currency))
        return between(advantage.difference, lambda value: f"{value:+.4f}")

    def tolerances(self, comparison: ChurnComparison) -> Sequence[Tolerance]:
        difference = comparison.calibration_error.value
        return [
            Tolerance(
                check="calibration against the champion",
                losses=comparison.calibration_resampled,
                margin=CALIBRATION_MARGIN,
                sentence=f"Its calibration error differs from the champion's by {difference:+.3f}",
                passed=f": not worse by more than {CALIBRATION_MARGIN:g}.",
                failed=f": worse by more than {CALIBRATION_MARGIN:g}.",
                unsure=f": it may be worse by more than {CALIBRATION_MARGIN:g}.",
            )
        ]
