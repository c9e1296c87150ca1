"""Where to cut: the most profitable point, or one of a given precision or recall; under the contact limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Business, Rule
from tenure.decision.profit import Floats, ProfitCurve, best_point, profit_curve


@dataclass(frozen=True)
class Cut:
    """A threshold, and what it does to the rows it was chosen on."""

    threshold: float
    rows: int
    churners: int
    contacted: int
    hit: int
    """Churners among the contacted."""
    profit: float
    met: bool | None
    """Whether the rule's target is reached; none where it has no target."""

    def to_dict(self) -> dict[str, Any]:
        """JSON values: the threshold and how it does."""
        return {
            "threshold": self.threshold,
            "rows": self.rows,
            "contacted_share": self.contacted / self.rows,
            "precision": self.hit / self.contacted if self.contacted else None,
            "recall": self.hit / self.churners if self.churners else None,
            "target_met": self.met,
        }


def cut(probability: Floats, label: NDArray, business: Business, rule: Rule, allowed: int) -> Cut:
    """The cut that ``rule`` asks for, contacting at most ``allowed`` of the rows.

    ``precision`` contacts as many as it can while the share of churners among them is at least the target, and
    nobody where no cut reaches it. ``recall`` contacts as few as it can to reach the target, and as many as are
    allowed where those do not suffice.
    Args:
        probability, label: shape (rows,); label 0 or 1.
    """
    curve = profit_curve(probability, label, business)
    last = int(np.searchsorted(curve.contacted, allowed, side="right")) - 1
    point, met = _point(curve, rule, last)
    return Cut(
        threshold=float(curve.threshold[point]),
        rows=curve.rows,
        churners=int(curve.churners[-1]),
        contacted=int(curve.contacted[point]),
        hit=int(curve.churners[point]),
        profit=float(curve.profit[point]),
        met=met,
    )


def given(probability: Floats, label: NDArray, business: Business, threshold: float) -> Cut:
    """The cut at a threshold that the contract gives; arguments as for ``cut``."""
    contacted = probability >= threshold
    hit, count = int(label[contacted].sum()), int(contacted.sum())
    profit = hit * business.offer_success_share * business.customer_value - count * business.offer_cost
    return Cut(threshold, len(label), int(label.sum()), count, hit, profit, None)


def _point(curve: ProfitCurve, rule: Rule, last: int) -> tuple[int, bool | None]:
    """Index of the chosen point among the first ``last`` + 1, and whether the target is reached."""
    if rule.policy == "profit" or rule.target is None:
        return best_point(curve, int(curve.contacted[last]) / curve.rows), None
    if rule.policy == "precision":
        precise = curve.churners[1 : last + 1] >= rule.target * curve.contacted[1 : last + 1] - 1e-9
        reached = np.flatnonzero(precise)
        return (int(reached[-1]) + 1, True) if reached.size else (0, False)
    wanted = int(np.searchsorted(curve.churners, rule.target * curve.churners[-1] - 1e-9))
    return (wanted, True) if wanted <= last else (last, False)
