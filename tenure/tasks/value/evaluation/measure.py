"""All metrics of one regression model on one set of rows, each with its bootstrap interval."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.importance import Quality
from tenure.stats.bootstrap import Estimate, exact_at_the_edge, percentile_interval
from tenure.stats.clusters import count_customers
from tenure.stats.resampling import resampled_sums
from tenure.tasks.value.evaluation.sample import Floats, Ints, ScoredValues

Objective = Literal["rmse", "mae"]
"""What a regression is chosen by; less is better."""


def measure(
    label: Floats, scored: ScoredValues, *, samples: int, seed: int, customer: Ints | None = None
) -> dict[str, Estimate]:
    """Metric name to estimate, for rows with ``label`` (rows,).

        rmse, mae               root of the mean squared error; mean absolute error
        r2                      1 less the squared error over that of the rows' own mean
        relative_absolute_error absolute error over that of the rows' own mean
        mape                    mean absolute error in shares of the label, over the rows whose label is not 0
        bias                    mean of prediction less label
        coverage                share of the labels inside their interval
        interval_width          mean width of the intervals
        mean_label, mean_value  of the rows
        contacted_share         share of the customers whom the model's decision is to contact

    Values are exact; intervals are 95 % percentile intervals over ``samples`` resamples of the rows, or of the
    customers with their rows (``tenure.stats.resampling``) by ``customer`` (rows,). A metric is
    ``None`` where it is not defined: R² where every label is the same, MAPE where every label is 0.
    """
    centre = float(np.mean(label))
    terms = _terms(label, scored, centre)
    point = {name: float(found[0]) for name, found in _metrics(terms.sum(axis=0)[np.newaxis, :], centre).items()}
    chunks = [_metrics(sums, centre) for sums in resampled_sums(terms, samples, seed, customer)]
    found = {
        name: percentile_interval(value, np.concatenate([chunk[name] for chunk in chunks]))
        for name, value in point.items()
    }
    customers = count_customers(customer, np.ones(label.size, dtype=bool))
    for share in ("coverage", "contacted_share"):
        found[share] = exact_at_the_edge(found[share], customers)
    return found


def _terms(label: Floats, scored: ScoredValues, centre: float) -> Floats:
    """(rows, 12) what the metrics are made of, summed over rows. Labels are centred, so that nothing cancels out."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        error = scored.value - label
        there = label != 0.0
        off_centre = label - centre
        return np.stack(
            (
                np.ones(label.size),
                error,
                error**2,
                np.abs(error),
                off_centre,
                off_centre**2,
                np.abs(off_centre),
                there,
                np.where(there, np.abs(error / label), 0.0),
                scored.covers(label),
                scored.high - scored.low,
                scored.contacted,
            ),
            axis=1,
        )


def _metrics(sums: Floats, centre: float) -> dict[str, Floats]:
    """Metric name to (resamples,) values, NaN where one is not defined; ``sums`` is (resamples, 12)."""
    rows, error, squared, absolute, label, spread, distance, there, relative, covered, width, contacted = sums.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = spread - label**2 / rows
        return {
            "rmse": np.sqrt(squared / rows),
            "mae": absolute / rows,
            "r2": np.where(total > 0.0, 1.0 - squared / total, np.nan),
            "relative_absolute_error": absolute / distance,
            "mape": relative / there,
            "bias": error / rows,
            "coverage": covered / rows,
            "interval_width": width / rows,
            "mean_label": centre + label / rows,
            "mean_value": centre + (label + error) / rows,
            "contacted_share": contacted / rows,
        }


def quality(objective: Objective) -> Quality:
    """The objective of labels and predictions, (rows,) each, with its sign turned: more is better."""

    def negative_error(label: NDArray[Any], value: Floats) -> float:
        error = value - label
        return -float(np.sqrt(np.mean(error**2)) if objective == "rmse" else np.mean(np.abs(error)))

    return negative_error
