"""Histogram bounds of a model's scores."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.utils import floatToGoString
from property_profiles import examples

from serving.observation.metrics import PredictionMetrics, exposition
from serving.observation.metrics.pages import SPILL_CELLS
from serving.observation.metrics.score_bounds import TWENTIETHS, between, score_bounds
from tenure import bundle
from tenure.stats import ScoreProfile

SAMPLES = {
    "dollars a month": lambda random: random.normal(1000.0, 100.0, 5000),
    "dollars a life": lambda random: np.exp(random.normal(9.0, 1.2, 5000)),
    "below and above 0": lambda random: random.normal(-3.0, 20.0, 5000),
    "a third at 0": lambda random: np.clip(random.normal(10.0, 20.0, 5000), 0.0, None),
    "one in a hundred leaves": lambda random: random.beta(1.0, 99.0, 5000),
}


def deciles(scores: np.ndarray) -> tuple[float, ...]:
    return ScoreProfile.of(scores).bins.edges


def with_scores(read: bundle.Bundle, scores: np.ndarray) -> bundle.Bundle:
    return replace(read, profile={**read.profile, "scores": ScoreProfile.of(scores).to_dict()})


@pytest.mark.parametrize("scores", SAMPLES.values(), ids=SAMPLES)
def test_no_bucket_holds_much_more_than_a_tenth(scores: Any) -> None:
    values = scores(np.random.default_rng(0))
    bounds = between(deciles(values))
    below = [float((values <= bound).mean()) for bound in bounds]
    atom = max(np.unique(values, return_counts=True)[1]) / len(values)
    assert max(high - low for low, high in pairwise([0.0, *below, 1.0])) <= max(0.21, atom + 0.1)


@pytest.mark.parametrize("scores", SAMPLES.values(), ids=SAMPLES)
def test_two_versions_have_most_bounds_in_common(scores: Any) -> None:
    one = set(between(deciles(scores(np.random.default_rng(0)))))
    other = set(between(deciles(1.03 * scores(np.random.default_rng(1)))))
    assert len(one & other) >= 0.6 * max(len(one), len(other))


NUMBERS = st.floats(-1e12, 1e12, allow_subnormal=False)


@given(st.lists(NUMBERS, min_size=2, max_size=9, unique=True).map(sorted))
@settings(max_examples=examples(200))
def test_bounds_ascend_enclose_the_deciles_and_find_room(edges: list[float]) -> None:
    bounds = between(edges)
    assert list(bounds) == sorted(set(bounds))
    assert bounds[0] <= edges[0] and bounds[-1] >= edges[-1]
    assert len(bounds) + len(TWENTIETHS) + 2 <= SPILL_CELLS
    # Every decile's width has a bound in it.
    assert all(any(low <= bound <= high for bound in bounds) for low, high in pairwise(edges))


def test_a_probability_has_twentieths_and_where_few_leave_finer_ones(small_bundle: Any) -> None:
    read = bundle.read(small_bundle.folder)
    assert score_bounds(read) == TWENTIETHS  # of a bundle without a profile of its scores
    fine = score_bounds(with_scores(read, SAMPLES["one in a hundred leaves"](np.random.default_rng(0))))
    assert set(fine) > set(TWENTIETHS) and fine[0] > 0.0 and fine[-1] < 1.0
    assert sum(bound < 0.05 for bound in fine) >= 8


def test_a_value_has_bounds_where_values_are(small_value_bundle: Any) -> None:
    read = bundle.read(small_value_bundle.folder)
    scores = SAMPLES["dollars a life"](np.random.default_rng(0))
    assert score_bounds(with_scores(read, scores)) == between(deciles(scores))


def test_a_batch_counts_as_one_request_with_the_score_of_one_of_its_rows(small_value_bundle: Any) -> None:
    """A rollout takes what is counted for independent: of 20 good canaries beside one batch in 50 requests, it rolled
    all 20 back when each row of a batch was counted.
    """
    read = bundle.read(small_value_bundle.folder)
    rows = small_value_bundle.rows
    batch = read.predict({name: rows[name] for name in rows.column_names})
    single = read.predict({name: rows[name].slice(0, 1) for name in rows.column_names})
    metrics = PredictionMetrics("batches", read)
    for _ in range(60):
        metrics.count(batch)
    metrics.count(single)
    samples = {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(exposition("")[0].decode())
        for sample in family.samples
        if sample.labels.get("model") == "batches"
    }
    assert samples["tenure_rows_total", ""] == 60 * len(rows) + 1
    below = [samples["tenure_score_bucket", floatToGoString(bound)] for bound in score_bounds(read)]
    assert samples["tenure_score_bucket", "+Inf"] == 61
    # Not always the same row of the batch.
    assert len(set(below)) > 3


@pytest.mark.parametrize("profile", [{}, {"scores": ScoreProfile.of(np.full(10, 5.0)).to_dict()}])
def test_without_deciles_bounds_follow_the_label_s_spread(small_value_bundle: Any, profile: dict) -> None:
    read = replace(bundle.read(small_value_bundle.folder), profile=profile)
    mean, spread = read.decision.label_mean, read.decision.label_spread
    bounds = score_bounds(read)
    assert len(bounds) >= 8 and bounds[0] < mean < bounds[-1]
    assert mean - 3 * spread < bounds[0] and bounds[-1] < mean + 3 * spread
    still = replace(read, decision=replace(read.decision, label_spread=0.0))
    assert score_bounds(still) == (mean,)
