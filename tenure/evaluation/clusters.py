"""The clusters of the chosen model on the rows that it is evaluated on: size, label, prediction and bands of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenure.bundle import Bundle, Prediction
from tenure.bundle.additions.kinds.clusters import COLUMN, Clusters
from tenure.evaluation.against import C
from tenure.evaluation.evaluator import Evaluator, P
from tenure.evaluation.part_means import difference_from, mean_of
from tenure.evaluation.scoring import predict
from tenure.stats.clusters import customers_within
from tenure.tasks import get

Json = dict[str, Any]


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
                "mean_label": mean_of(label[rows], customer, is_share=is_share).to_json(),
                "mean_score": float(score[rows].mean()) if count else None,
                "contacted_share": float(contacted[rows].mean()) if count else None,
                "calibration": None if small else difference_from(label[rows], score[rows], customer),
                "bands": {each: bands[each] / count if count else None for each in bundle.decision.bands},
            }
        )
    return {"reason": "", "silhouette": clusters.silhouette, "clusters": records}
