"""A model beside the truth."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.errors import DataError
from tenure.generators.block import Block
from tenure.generators.businesses.streaming.hazard import hazard_of
from tenure.generators.businesses.streaming.people import People
from tenure.generators.finding import find
from tenure.generators.generate import generate
from tenure.generators.leaving import truth_of_leaving
from tenure.generators.recovery import explained, recovery, truth_of


def test_the_truth_recovers_itself_and_noise_less() -> None:
    random = np.random.default_rng(1)
    probability = random.beta(1.0, 5.0, 20_000)
    label = (random.random(20_000) < probability).astype(np.int64)
    perfect = recovery(probability, probability, label)
    assert perfect.roc_auc == perfect.best_roc_auc
    assert (perfect.attained, perfect.rank_correlation, perfect.mean_error) == pytest.approx((1.0, 1.0, 0.0))
    noisy = recovery(np.clip(probability + random.normal(0.0, 0.2, 20_000), 0, 1), probability, label)
    assert noisy.best_roc_auc == perfect.roc_auc
    assert 0.3 < noisy.attained < 0.9
    assert noisy.mean_error > 0.05
    predicted, true = zip(*noisy.fifths, strict=True)
    assert list(predicted) == sorted(predicted)
    assert np.mean(true) == pytest.approx(probability.mean(), abs=1e-6)


def test_rows_of_the_truth_are_found_by_customer_and_day(tmp_path: Path) -> None:
    generate("streaming", tmp_path, customers=50)
    truth, business = pq.read_table(tmp_path / "truth.parquet"), find("streaming")
    starts = {business.days.starts[cut]: business.days.date_of(cut) for cut in business.cuts}
    days = [starts[instant] for instant in truth["cut"].cast(pa.int64()).to_pylist()]
    order = np.random.default_rng(2).permutation(truth.num_rows)
    keys = truth["subscriber_id"].combine_chunks().take(pa.array(order))
    found = truth_of(business, truth, keys, [days[row] for row in order])
    assert found.equals(truth.take(pa.array(order)))
    midnights = [datetime.combine(days[row], datetime.min.time()) for row in order]
    assert truth_of(business, truth, keys, midnights).equals(found)
    with pytest.raises(DataError, match=r"no row of customer '\w+' at the cut 2020-01-01"):
        truth_of(business, truth, keys, [date(2020, 1, 1)] * truth.num_rows)


def test_the_truth_within_a_time_is_that_of_the_shorter_horizon() -> None:
    block = Block("streaming", 1, 0)
    people = People(block)
    chain = hazard_of(people)
    walk = chain.walk(people.entered, block.random("chain"), leave=True)
    found = truth_of_leaving(chain, walk, 300, horizon=30, gap=7, times=(10, 30))
    shorter = truth_of_leaving(chain, walk, 300, horizon=10, gap=7)
    np.testing.assert_array_equal(found.columns["probability_within_10d"], shorter.probability)
    np.testing.assert_array_equal(found.columns["probability_within_30d"], found.probability)


def test_expected_values_explain_more_than_other_predictions() -> None:
    random = np.random.default_rng(1)
    expected = random.gamma(2.0, 50.0, 5_000)
    value = random.gamma(1.0, expected)
    perfect = explained(expected, expected, value)
    assert perfect.r2 == perfect.best_r2
    assert perfect.rank_correlation == pytest.approx(1.0)
    assert all(predicted == true for predicted, true in perfect.fifths)
    other = explained(random.permutation(expected), expected, value)
    assert other.r2 < 0 < 0.1 < other.best_r2 == perfect.r2 < 0.6
    assert abs(other.rank_correlation) < 0.05
