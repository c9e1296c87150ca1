"""Every metric of the evaluation, for many resamples of one sample at once.

``counts`` is (resamples, cells): how often each cell's rows were drawn. One row holding the sample's
own counts gives the metrics of the sample itself. A metric that a resample leaves undefined (no
churner drawn, nobody contacted) is NaN there.
"""

from __future__ import annotations

import numpy as np

from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.sample import CALIBRATION_BINS, Floats, Sample

DECILES = 10

Statistics = dict[str, Floats]
"""Metric name to (resamples,) values."""


def statistics(sample: Sample, counts: Floats, campaign: Campaign) -> Statistics:
    """All metrics of ``sample`` under ``counts`` (resamples, cells)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            **_ranking(sample, counts),
            **_decisions(sample, counts, campaign),
            **_probabilities(sample, counts),
        }


def roc_auc(positive: Floats, total: Floats) -> Floats:
    """(resamples,) ROC-AUC: the Mann-Whitney statistic with ties counted half (Hanley & McNeil 1982).

    Args:
        positive, total: (resamples, groups) churners and rows in each group of equal scores, riskiest first.
    """
    negative = total - positive
    negatives = negative.sum(axis=1, keepdims=True)
    pairs = np.sum(positive * (negatives - np.cumsum(negative, axis=1) + 0.5 * negative), axis=1)
    found: Floats = pairs / (positive.sum(axis=1) * negatives[:, 0])
    return found


def average_precision(positive: Floats, total: Floats) -> Floats:
    """(resamples,) precision times the step in recall, summed over falling thresholds, without interpolation.

    Zhu 2004; as scikit-learn. Arguments as for ``roc_auc``.
    """
    true, reached = np.cumsum(positive, axis=1), np.cumsum(total, axis=1)
    precision = np.where(reached > 0, true / reached, 0.0)
    return np.where(true[:, -1] > 0, np.sum(positive * precision, axis=1) / true[:, -1], np.nan)


def _ranking(sample: Sample, counts: Floats) -> Statistics:
    """ROC-AUC, average precision, gain and lift.

    Gain of decile d is the share of all churners among the d * 10 % riskiest customers, a tied group
    entering evenly; lift is gain over that share.
    """
    positive = np.add.reduceat(counts * sample.positive, sample.group_start, axis=1)
    total = np.add.reduceat(counts, sample.group_start, axis=1)
    found = {"roc_auc": roc_auc(positive, total), "average_precision": average_precision(positive, total)}
    true, reached = np.cumsum(positive, axis=1), np.cumsum(total, axis=1)
    shares = np.arange(1, DECILES + 1) / DECILES
    gain = np.empty((counts.shape[0], DECILES))
    for row, (upto, caught) in enumerate(zip(reached, true, strict=True)):
        gain[row] = np.interp(shares * upto[-1], np.concatenate(([0.0], upto)), np.concatenate(([0.0], caught)))
    gain /= true[:, -1:]
    for decile in range(DECILES):
        found[f"gain_{decile + 1}"] = gain[:, decile]
        found[f"lift_{decile + 1}"] = gain[:, decile] / shares[decile]
    return found


def _decisions(sample: Sample, counts: Floats, campaign: Campaign) -> Statistics:
    """The confusion matrix at the model's decisions, what follows from it, and what it is worth."""
    quiet, stays = 1.0 - sample.contacted, 1.0 - sample.positive
    cells = np.stack(
        (sample.contacted * sample.positive, sample.contacted * stays, quiet * sample.positive, quiet * stays), axis=1
    )
    hit, wasted, missed, left_alone = (counts @ cells).T
    rows = hit + wasted + missed + left_alone
    contacted = hit + wasted
    if sample.value is None:
        hit_value, missed_value = hit * campaign.customer_value, missed * campaign.customer_value
    else:
        hit_value, missed_value = (counts @ (cells[:, (0, 2)] * sample.value[:, np.newaxis])).T
    profit = campaign.profit(hit_value, contacted)
    cost = contacted * campaign.offer_cost
    scale = campaign.period_scale(contacted / rows)
    return {
        "true_positives": hit,
        "false_positives": wasted,
        "false_negatives": missed,
        "true_negatives": left_alone,
        "churn_rate": (hit + missed) / rows,
        "contacted_share": contacted / rows,
        "accuracy": (hit + left_alone) / rows,
        "precision": hit / contacted,
        "recall": hit / (hit + missed),
        "f1": 2.0 * hit / (2.0 * hit + wasted + missed),
        "profit": profit,
        "profit_per_customer": profit / rows,
        "lost_value": missed_value,
        "return_on_cost": profit / cost,
        "profit_per_period": profit / rows * scale,
        "cost_per_period": cost / rows * scale,
        "contacts_per_period": contacted / rows * scale,
        "kept_customers_per_period": hit / rows * scale * campaign.offer_success_share,
        "lost_value_per_period": (hit_value + missed_value) / rows * campaign.population - hit_value / rows * scale,
    }


def _probabilities(sample: Sample, counts: Floats) -> Statistics:
    """Brier score (Brier 1950), log loss, and expected calibration error.

    Expected calibration error: over ten equal-width bins of the probability, the share of rows in a
    bin times the distance of its mean probability from its churn rate (Guo et al. 2017, eq. 3).
    """
    rows = counts.sum(axis=1)
    gap = np.zeros((sample.count.size, CALIBRATION_BINS))
    gap[np.arange(sample.count.size), sample.calibration_bin] = sample.probability - sample.positive
    return {
        "brier": counts @ sample.squared_error / rows,
        "log_loss": counts @ sample.log_error / rows,
        "calibration_error": np.abs(counts @ gap).sum(axis=1) / rows,
    }
