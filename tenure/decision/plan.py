"""The thresholds of all segments, and of the customers in none, under one limit of contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.settings import Business, Rule, Segment
from tenure.decision.policy import Cut, cut, given
from tenure.decision.profit import NOBODY, Floats, best_point, profit_curve
from tenure.decision.segments import Bools
from tenure.errors import DataError


@dataclass(frozen=True)
class Plan:
    """The cuts of all segments, and of the customers in none."""

    segments: list[Cut]
    rest: Cut

    @property
    def cuts(self) -> list[Cut]:
        return [*self.segments, self.rest]


@dataclass(frozen=True, eq=False)
class _Group:
    """The customers of a segment, or of none."""

    rule: Rule
    rows: Bools
    business: Business
    """The contract's, with the segment's customer value."""

    @property
    def competes(self) -> bool:
        """Whether its offers go by profit alone, against those of other groups."""
        if isinstance(self.rule, Segment) and (self.rule.customer_value is None or self.rule.threshold is not None):
            return False
        return self.rule.policy == "profit"


def make_plan(contract: Contract, probability: Floats, label: NDArray, inside: list[Bools], share: float) -> Plan:
    """The thresholds under a limit of ``share`` of the rows.

    Segments are served first, in their order. Those with a customer value of their own, chosen by profit, compete with
    the customers in no segment for what is left: an offer goes where it is expected to earn most.

    Args:
        probability, label: shape (rows,); label 0 or 1.
        inside: whether a customer is in each segment, (rows,) each; nobody is in two.

    Raises:
        DataError: if a segment has no customer, or every customer is in one.
    """
    *segments, rest = _groups(contract, inside, len(label))
    pool = [group for group in (*segments, rest) if group.competes] if rest.competes else []
    left = int(np.floor(share * len(label) + 1e-9))
    cuts: dict[_Group, Cut] = {}
    for group in (*segments, rest):
        if group not in pool:
            cuts[group] = _alone(group, probability, label, left)
            left = max(0, left - cuts[group].contacted)
    if pool:
        cuts |= _together(pool, probability, label, contract.business, left)
    return Plan([cuts[segment] for segment in segments], cuts[rest])


def by_worth(probability: Floats, value: Floats | None, business: Business) -> Floats:
    """The score by which customers compete, (rows,): probability times value, over the value of one in no segment.

    Args:
        value: customer values, (rows,); none where they are all alike.
    """
    return probability if value is None else probability * (value / business.customer_value)


def _groups(contract: Contract, inside: list[Bools], rows: int) -> list[_Group]:
    """The segments, and last the customers in none."""
    rest, groups = np.ones(rows, dtype=bool), []
    for (name, rule), members in zip(contract.decision.segments.items(), inside, strict=True):
        if not members.any():
            raise DataError(
                f"segment '{name}' has no customer among the rows held out in training: its threshold cannot be chosen"
            )
        rest &= ~members
        value = {} if rule.customer_value is None else {"customer_value": rule.customer_value}
        groups.append(_Group(rule, members, contract.business.model_copy(update=value)))
    if not rest.any():
        raise DataError("every customer of the validation part is in a segment: no threshold is left to be chosen")
    return [*groups, _Group(contract.decision, rest, contract.business)]


def _alone(group: _Group, probability: Floats, label: NDArray, left: int) -> Cut:
    p, y = probability[group.rows], label[group.rows]
    if isinstance(group.rule, Segment) and group.rule.threshold is not None:
        return given(p, y, group.business, group.rule.threshold)
    return cut(p, y, group.business, group.rule, left)


def _together(
    pool: list[_Group], probability: Floats, label: NDArray, business: Business, left: int
) -> dict[_Group, Cut]:
    """One level of expected worth for all of ``pool``: a probability of its own for each customer value."""
    if len(pool) == 1:
        return {pool[0]: _alone(pool[0], probability, label, left)}
    value, rows = np.full(len(label), business.customer_value), np.zeros(len(label), dtype=bool)
    for group in pool:
        value[group.rows] = group.business.customer_value
        rows |= group.rows
    score = by_worth(probability, value, business)
    curve = profit_curve(score[rows], label[rows], business, value[rows])
    level = float(curve.threshold[best_point(curve, left / curve.rows)])
    cuts = {}
    for group in pool:
        scale = business.customer_value / group.business.customer_value
        threshold = NOBODY if level == NOBODY else min(level * scale, NOBODY)
        cuts[group] = given(probability[group.rows], label[group.rows], group.business, threshold)
    return cuts
