"""How close a model comes to the truth of a generated business: its predictions beside the true probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.generators.business import CUT, Business
from tenure.stats.ranks import mean_ranks, rank_auc

FIFTHS = 5


@dataclass(frozen=True)
class Recovery:
    """Predictions of a classification against the truth, over the same rows."""

    rows: int
    roc_auc: float
    """Of the predictions against what happened."""
    best_roc_auc: float
    """Of the true probabilities against what happened."""
    rank_correlation: float
    """Of predictions and true probabilities (Spearman)."""
    mean_error: float
    """Mean absolute difference of predictions and true probabilities."""
    fifths: tuple[tuple[float, float], ...]
    """Mean prediction and mean true probability of each fifth of the rows, by ascending prediction."""

    @property
    def attained(self) -> float:
        """The part of what can be attained beyond chance: (AUC − ½) / (best AUC − ½)."""
        return (self.roc_auc - 0.5) / (self.best_roc_auc - 0.5)


def truth_of(business: Business, truth: pa.Table, keys: pa.Array, cuts: Sequence[date | datetime]) -> pa.Table:
    """The rows of ``truth.parquet`` of these customers and cuts, in this order.

    Args:
        business: whose zone the cuts are of.
        truth: the content of ``truth.parquet``.
        keys: of the customers, (rows,).
        cuts: days, or times of the clock in the business's zone; (rows,).

    Raises:
        DataError: the truth has no row of a customer and cut.
    """
    zone = ZoneInfo(business.days.zone)
    instants = {cut: _instant(cut, zone) for cut in set(cuts)}
    known = zip(truth[business.key].to_pylist(), truth[CUT].cast(pa.int64()).to_pylist(), strict=True)
    place = {pair: row for row, pair in enumerate(known)}
    wanted = [(key, instants[cut]) for key, cut in zip(keys.to_pylist(), cuts, strict=True)]
    missing = next((pair for pair in wanted if pair not in place), None)
    if missing is not None:
        cut = next(cut for cut, instant in instants.items() if instant == missing[1])
        raise DataError(f"the truth has no row of customer '{missing[0]}' at the cut {cut.isoformat()}")
    return truth.take(pa.array([place[pair] for pair in wanted]))


def _instant(cut: date | datetime, zone: ZoneInfo) -> int:
    time = cut if isinstance(cut, datetime) else datetime(cut.year, cut.month, cut.day)  # noqa: DTZ001 of the zone
    return round(time.replace(tzinfo=zone).timestamp() * 1e6)


def recovery(predicted: NDArray[np.float64], probability: NDArray[np.float64], label: NDArray[np.integer]) -> Recovery:
    """Compare predictions with the true probabilities; all arrays are (rows,)."""
    return Recovery(
        rows=predicted.size,
        roc_auc=rank_auc(label, predicted),
        best_roc_auc=rank_auc(label, probability),
        rank_correlation=_rank_correlation(predicted, probability),
        mean_error=float(np.abs(predicted - probability).mean()),
        fifths=_fifths(predicted, probability),
    )


@dataclass(frozen=True)
class Explained:
    """Predictions of a value against the truth, over the same rows."""

    rows: int
    r2: float
    """Share of the values' variance that the predictions explain."""
    best_r2: float
    """The share that the true expectations explain."""
    rank_correlation: float
    """Of predictions and true expectations (Spearman)."""
    fifths: tuple[tuple[float, float], ...]
    """Mean prediction and mean true expectation of each fifth of the rows, by ascending prediction."""


def explained(predicted: NDArray[np.float64], expected: NDArray[np.float64], value: NDArray[np.float64]) -> Explained:
    """Compare predicted values with the true expectations; all arrays are (rows,)."""
    spread = float(((value - value.mean()) ** 2).sum())
    return Explained(
        rows=predicted.size,
        r2=1 - float(((value - predicted) ** 2).sum()) / spread,
        best_r2=1 - float(((value - expected) ** 2).sum()) / spread,
        rank_correlation=_rank_correlation(predicted, expected),
        fifths=_fifths(predicted, expected),
    )


def _rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.corrcoef(mean_ranks(first), mean_ranks(second))[0, 1])


def _fifths(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    parts = np.array_split(np.argsort(predicted, kind="stable"), FIFTHS)
    return tuple((float(predicted[part].mean()), float(true[part].mean())) for part in parts)
