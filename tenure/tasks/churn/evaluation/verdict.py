"""The verdict on a classification model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tenure.evaluation import Challenge, Reason, Verdict
from tenure.evaluation import decide as decide_any
from tenure.evaluation.limit import Limit, ceiling, check_limit, floor
from tenure.number_text import money
from tenure.stats.bootstrap import Estimate
from tenure.tasks.churn.evaluation.comparison import ChurnComparison
from tenure.tasks.churn.evaluation.wording import ChurnWording

if TYPE_CHECKING:
    from tenure.contract.settings import Acceptance


def decide(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    currency: str,
    *,
    per: str,
    rows: int,
    churners: int,
    constant: bool,
    challenge: Challenge[ChurnComparison] | None,
    where: str = "test part",
) -> Verdict:
    """The verdict on a candidate, see ``tenure.evaluation.verdict``.

    Args:
        metrics: the candidate's, from ``measure``; empty where the rows have one class.
        acceptance: minimums and confidence of the contract.
        currency: of sums of money.
        per: what they are for and rest on, see ``tenure.business_text.marked``.
        rows, churners: that the metrics are of.
        constant: whether the candidate gives every row the same probability.
        challenge: the champion; None where nothing is registered yet.
        where: the rows are, ``test part`` or ``table``.
    """
    unusable = None
    if churners in (0, rows):
        who = "no churner" if churners == 0 else "churners only"
        unusable = f"The {where} ({rows:,} rows) holds {who}: no model can be judged on it."
    minimums = _minimums(metrics, acceptance, currency, per, rows=rows, where=where, constant=constant)
    return decide_any(minimums, challenge, ChurnWording(currency, per), acceptance, unusable=unusable)


def _minimums(
    metrics: Mapping[str, Estimate],
    acceptance: Acceptance,
    currency: str,
    per: str,
    *,
    rows: int,
    where: str,
    constant: bool,
) -> Iterator[Reason]:
    for limit in _limits(metrics, acceptance, currency, per):
        yield check_limit(limit, rows, where)
    if constant:
        yield Reason("constant", "unsure", "The candidate gives every customer the same probability.")


def _limits(metrics: Mapping[str, Estimate], acceptance: Acceptance, currency: str, per: str) -> Iterator[Limit]:
    yield floor("ROC-AUC", metrics["roc_auc"], acceptance.min_roc_auc)
    # A floor of zero is no floor: precision is not even defined where nobody is contacted.
    if acceptance.min_recall > 0.0:
        yield floor("recall", metrics["recall"], acceptance.min_recall)
    if acceptance.min_precision > 0.0:
        yield floor("precision", metrics["precision"], acceptance.min_precision)
    yield ceiling("calibration error", metrics["calibration_error"], acceptance.max_calibration_error)
    yield Limit(
        check="profit against contacting nobody",
        estimate=metrics["profit_per_period"],
        bound=0.0,
        is_floor=True,
        strict=True,
        sentence=f"Contacting the customers it chooses earns {{}} {per}",
        write=lambda value: money(value, currency),
        passed=", more than contacting nobody.",
        failed=", no more than contacting nobody.",
        unsure=": not clearly more than contacting nobody.",
        undefined="Its profit is not defined on these rows.",
    )
