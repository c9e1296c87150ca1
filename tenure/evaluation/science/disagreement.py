"""Where the families' predictions for the same rows differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.science.segments import SHOWN, Segments
from tenure.stats.bootstrap import LEVEL, Floats
from tenure.stats.ranks import mean_ranks

SPREADS = (0.1, 0.2, 0.3)
"""Differences that rows are counted by: of probabilities, or in standard deviations of the label."""

Json = dict[str, Any]


@dataclass(frozen=True)
class FamilyPredictions:
    """What one family predicts for the n test rows."""

    family: str
    predicted: Floats
    """(n,) probability, or value."""
    contacted: NDArray[np.bool_]
    """(n,) whether its decision is to contact the customer."""


def disagreement(families: Sequence[FamilyPredictions], segments: Segments, *, scale: float) -> Json | None:
    """How alike the families' predictions are, and in which parts of the rows they differ most.

    A row's spread is its largest prediction less its smallest.

    Args:
        families: two or more, or there is nothing to compare: None.
        scale: unit of ``SPREADS``: 1 for probabilities, the label's standard deviation for values; over 0.
    """
    if len(families) < 2:
        return None
    predicted = np.stack([family.predicted for family in families])
    contacted = np.stack([family.contacted for family in families])
    spread = np.ptp(predicted, axis=0)
    z = segments.z(questions=1)
    leads = [(segment, segments.lead(spread, segment.rows, z)) for segment in segments.found]
    shown = sorted(
        ((segment, lead) for segment, lead in leads if lead.low is not None and lead.low > 0.0),
        key=lambda found: -float(found[1].value or 0.0),
    )
    return {
        "families": [family.family for family in families],
        "rank_correlation": _rank_correlation(predicted),
        "rows": int(spread.size),
        "spread": {
            "mean": float(spread.mean()),
            "median": float(np.median(spread)),
            "high": float(np.quantile(spread, 0.95)),
            "largest": float(spread.max()),
        },
        "over": [{"spread": share * scale, "rows": int((spread >= share * scale).sum())} for share in SPREADS],
        "different_decisions": int((contacted.any(axis=0) & ~contacted.all(axis=0)).sum()),
        "level": LEVEL,
        "segments": [
            segment.to_json() | {"spread": float(spread[segment.rows].mean()), "excess": lead.to_json()}
            for segment, lead in shown[:SHOWN]
        ],
    }


def _rank_correlation(predicted: Floats) -> list[list[float | None]]:
    """Spearman's correlation of each pair of families; None with one that predicts the same for every row.

    Args:
        predicted: (families, n).
    """
    ranks = np.stack([mean_ranks(row) for row in predicted])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=1))
    return [
        [
            float(np.clip(centred[one] @ centred[other] / (norm[one] * norm[other]), -1.0, 1.0))
            if norm[one] and norm[other]
            else None
            for other in range(len(ranks))
        ]
        for one in range(len(ranks))
    ]
