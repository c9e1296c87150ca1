"""The clusters of the chosen model on the rows that it is evaluated on: size, label, prediction and bands of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.bundle.additions.kinds.clusters import COLUMN, Clusters
from tenure.evaluation.against import C
from tenure.evaluation.evaluator import Evaluator, P
from tenure.evaluation.scoring import predict
from tenure.stats.bootstrap import Estimate
from tenure.stats.clusters import customers_within, effective_rows, standard_error
from tenure.stats.wilson import Z_95, wilson
from tenure.tasks import get

Json = dict[str, Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def record_clusters(
    bundle: Bundle,
    evaluator: Evaluator[P, C],
    made: Mapping[str, Any] | None,
    cross_fitted: Sequence[Prediction] | None = None,
) -> Json | None:
    """The entry ``clusters`` of ``evaluation.json``; None if the bundle has no clusters and none were looked for.

    Args:
        bundle: the chosen candidate.
        evaluator: of the rows that the candidate is evaluated on.
        made: the entry ``clusters`` of ``train.json``.
        cross_fitted: predictions for the rows, in their order, by models that were not fitted on them; None where the
            candidate itself was not.
    """
    clusters = next((found for found in bundle.additions if isinstance(found, Clusters)), None)
    if clusters is None:
        return None if made is None else {"reason": made["reason"], "silhouette": None, "clusters": []}
    test = evaluator.test
    found = list(predict(bundle, test.table, additions=True))
    predictions = found if cross_fitted is None else cross_fitted
    score = np.concatenate([prediction.score for prediction in predictions])
    contacted = np.concatenate([prediction.decision for prediction in predictions])
    band = np.array([name for prediction in predictions for name in prediction.band])
    # Clusters know no label: a row's may be that of clusters which it had a part in making.
    cluster = np.array([name for prediction in found for name in (prediction.added or {})[COLUMN]])
    label, is_share = test.label.astype(np.float64), get(bundle.contract.task).outputs.bounded
    records = []
    for name, description, share in zip(clusters.names, clusters.descriptions, clusters.shares, strict=True):
        rows = cluster == name
        count = int(rows.sum())
        customer = customers_within(test.customer, rows)
        small = evaluator.part(rows).too_small()
        bands = Counter(band[rows].tolist())
        records.append(
            {
                "name": name,
                "description": description,
                "training_share": share,
                "rows": count,
                "share": count / len(rows),
                "too_small": small,
                "mean_label": _mean(label[rows], customer, is_share=is_share).to_json(),
                "mean_score": float(score[rows].mean()) if count else None,
                "contacted_share": float(contacted[rows].mean()) if count else None,
                "calibration": None if small else _calibration(label[rows], score[rows], customer),
                "bands": {each: bands[each] / count if count else None for each in bundle.decision.bands},
            }
        )
    return {"reason": "", "silhouette": clusters.silhouette, "clusters": records}


def _mean(label: Floats, customer: Ints | None, *, is_share: bool) -> Estimate:
    """The mean with its 95 % interval, of a share that of Wilson; undefined without rows."""
    if not label.size:
        return Estimate(None, None, None)
    mean = float(label.mean())
    if is_share:
        return Estimate(mean, *wilson(mean, effective_rows(label == 1.0, customer)))
    half = Z_95 * standard_error(label, customer) if label.size > 1 else np.inf
    return Estimate(mean, mean - half, mean + half) if np.isfinite(half) else Estimate(mean, None, None)


def _calibration(label: Floats, score: Floats, customer: Ints | None) -> Json:
    """Mean of label less prediction, with its 95 % interval, and which of them is larger beyond chance."""
    difference = label - score
    mean, half = float(difference.mean()), Z_95 * standard_error(difference, customer)
    if not np.isfinite(half):
        return {"difference": Estimate(mean, None, None).to_json(), "outcome": "undecided"}
    low, high = mean - half, mean + half
    outcome = "more than predicted" if low > 0.0 else "less than predicted" if high < 0.0 else "as predicted"
    return {"difference": Estimate(mean, low, high).to_json(), "outcome": outcome}
