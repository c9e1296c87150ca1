"""Several rows a customer: customers are resampled, and a table with one row a customer is measured as ever."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.stats import bootstrap
from tenure.stats.bootstrap import Estimate, resample, resample_cells
from tenure.stats.clusters import count_customers, customers_of, customers_within, effective_rows, standard_error
from tenure.stats.resampling import resampled_sums
from tenure.tasks.churn.evaluation import Campaign, Scored, compare, curves, measure, too_small
from tenure.tasks.value.evaluation import ScoredValues
from tenure.tasks.value.evaluation import measure as measure_values
from tenure.tasks.value.evaluation import too_small as too_small_values

CAMPAIGN = Campaign(customer_value=600.0, offer_cost=10.0, offer_success_share=0.3, contacts=1_000, population=7_000)
MONTHS = 6


def panel(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label, probability and customer of ``MONTHS`` rows a customer, who stays or leaves in all of them alike."""
    generator = np.random.default_rng(seed)
    inclination = generator.normal(-0.5, 1.5, customers)
    leaves = generator.random(customers) < 1.0 / (1.0 + np.exp(-inclination))
    customer = np.repeat(np.arange(customers), MONTHS)
    noise = generator.normal(0.0, 0.2, customer.size)
    probability = 1.0 / (1.0 + np.exp(-(inclination[customer] + noise)))
    return leaves[customer].astype(np.int8), probability, customer


def covers(estimate: Estimate, truth: float) -> bool:
    assert estimate.low is not None and estimate.high is not None
    return estimate.low <= truth <= estimate.high


def test_rows_drawn_one_by_one_claim_too_much_of_a_panel_and_customers_do_not() -> None:
    label, probability, _ = panel(20_000, seed=1)
    metrics = ("roc_auc", "brier", "churn_rate", "precision")
    truth = measure(label, Scored(probability, probability >= 0.5), CAMPAIGN, samples=2, seed=1)
    runs = 80
    by_row, by_customer = dict.fromkeys(metrics, 0), dict.fromkeys(metrics, 0)
    for run in range(runs):
        label, probability, customer = panel(120, seed=100 + run)
        scored = Scored(probability, probability >= 0.5)
        for found, unit in ((by_row, None), (by_customer, customer)):
            measured = measure(label, scored, CAMPAIGN, samples=150, seed=run, customer=unit)
            for name in metrics:
                found[name] += covers(measured[name], float(truth[name].value or 0.0))
    # Of 80 intervals at 95 %, fewer than 70 cover in one of 480 series.
    assert all(covered <= 0.7 * runs for covered in by_row.values()), by_row
    assert all(covered >= 70 for covered in by_customer.values()), by_customer


def test_a_candidate_is_compared_by_customers_too() -> None:
    label, probability, customer = panel(120, seed=3)
    worse = np.clip(probability + np.random.default_rng(4).normal(0.0, 0.2, 120)[customer], 0.0, 1.0)
    candidate, champion = Scored(probability, probability >= 0.5), Scored(worse, worse >= 0.5)

    def width(estimate: Estimate) -> float:
        return float(estimate.high or 0.0) - float(estimate.low or 0.0)

    for metric in ("profit", "roc_auc", "log_loss"):
        by_row, by_customer = (
            compare(label, candidate, champion, CAMPAIGN, samples=300, seed=5, metric=metric, customer=unit)
            for unit in (None, customer)
        )
        assert by_row.advantage.difference.value == by_customer.advantage.difference.value
        for name in ("profit_per_period", "brier", "calibration_error"):
            assert width(getattr(by_customer, name)) > 1.5 * width(getattr(by_row, name))
        assert width(by_customer.advantage.difference) > 1.5 * width(by_row.advantage.difference)


def test_one_row_a_customer_is_resampled_as_rows_are() -> None:
    label, _, _ = panel(60, seed=6)
    keys = np.array([f"c{row}" for row in range(label.size)])
    assert customers_of(keys) is None
    cell = np.random.default_rng(7).integers(0, 9, label.size)
    same, again = (
        np.concatenate(list(drawn))
        for drawn in (resample(np.bincount(cell, minlength=9), 50, 8), resample_cells(cell, 9, None, 50, 8))
    )
    assert np.array_equal(same, again)


def test_a_customer_is_drawn_with_all_rows() -> None:
    customer = np.array([0, 1, 0, 2, 2, 2])
    drawn = np.concatenate(list(resample_cells(np.arange(6), 6, customer, 400, 9)))
    assert np.array_equal(drawn[:, 0], drawn[:, 2])
    assert np.array_equal(drawn[:, 3], drawn[:, 4]) and np.array_equal(drawn[:, 3], drawn[:, 5])
    assert (drawn[:, 0] + drawn[:, 1] + drawn[:, 3] == 3).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(6), abs=0.15)


def test_many_customers_are_dealt_into_groups_that_vary_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    label, _, customer = panel(3_000, seed=10)
    expected = standard_error(label.astype(np.float64), customer)
    monkeypatch.setattr(bootstrap, "GROUPS", 1_000)
    drawn = np.concatenate(list(resample_cells(label.astype(np.int64), 2, customer, 2_000, 11)))
    assert np.std(drawn[:, 1] / drawn.sum(axis=1)) == pytest.approx(expected, rel=0.1)


def test_sums_over_customers_vary_as_the_survey_formula_says() -> None:
    label, _, customer = panel(500, seed=12)
    terms = np.column_stack([np.ones(label.size), label])
    sums = np.concatenate(list(resampled_sums(terms, 2_000, 13, customer)))
    expected = standard_error(label.astype(np.float64), customer)
    assert np.std(sums[:, 1] / sums[:, 0]) == pytest.approx(expected, rel=0.1)
    # All rows of a customer are equal: as exact as one row a customer.
    assert expected == pytest.approx(standard_error(label[::MONTHS].astype(np.float64), None), rel=1e-9)


def test_rows_that_are_alike_count_once() -> None:
    label, _, customer = panel(500, seed=14)
    # The formula of customers divides by one less than their number.
    assert effective_rows(label == 1, customer) == pytest.approx(499, rel=1e-9)
    assert effective_rows(label == 1, None) == label.size
    assert effective_rows(np.zeros(label.size, dtype=bool), customer) == 500


def test_calibration_curve_and_shares_without_exception_are_as_wide_as_customers_make_them() -> None:
    label, probability, customer = panel(120, seed=15)
    everyone = Scored(probability, np.ones(label.size, dtype=bool))
    by_row, by_customer = (curves(label, everyone, CAMPAIGN, customer=unit)["calibration"] for unit in (None, customer))
    assert all(
        one["high"] - one["low"] < 0.8 * other["high"] - 0.8 * other["low"]
        for one, other in zip(by_row, by_customer, strict=True)
        if 0.05 < one["rate"] < 0.95
    )
    share = measure(label, everyone, CAMPAIGN, samples=50, seed=1, customer=customer)["contacted_share"]
    assert (share.value, share.low) == (1.0, pytest.approx(0.025 ** (1 / 120)))


def test_a_part_is_too_small_by_its_customers() -> None:
    label, _, customer = panel(99, seed=16)
    assert too_small(label) is None
    assert too_small(label, customer) == "too small: 99 customers, at least 100 are needed"
    label, _, customer = panel(100, seed=16)
    assert too_small(label, customer) is None
    few = np.where(customer < 9, 1, 0).astype(np.int8)
    assert too_small(few, customer) == "too small: 9 churners among 100 customers, at least 10 are needed"
    values = np.arange(99.0 * MONTHS)
    assert too_small_values(values) is None
    assert too_small_values(values, np.repeat(np.arange(99), MONTHS)) == (
        "too small: 99 customers, at least 100 are needed"
    )


def test_values_are_measured_by_customers() -> None:
    generator = np.random.default_rng(17)
    customer = np.repeat(np.arange(150), MONTHS)
    label = generator.gamma(2.0, 50.0, 150)[customer]
    value = label + generator.normal(0.0, 20.0, 150)[customer]
    scored = ScoredValues(value, value - 40.0, value + 40.0, 0.9, value > 100.0)
    by_row, by_customer = (
        measure_values(label, scored, samples=300, seed=18, customer=unit) for unit in (None, customer)
    )
    for name in ("rmse", "mae", "bias", "coverage", "contacted_share"):
        row, whole = by_row[name], by_customer[name]
        assert row.value == whole.value
        assert float(whole.high or 0) - float(whole.low or 0) > 2.0 * (float(row.high or 0) - float(row.low or 0))


def test_customers_of_a_part() -> None:
    customer = customers_of(np.array(["b", "a", "b", "c"]))
    assert customer is not None and customer.tolist() == [0, 1, 0, 2]
    first = np.array([True, True, False, True])
    assert customers_within(customer, first) is None
    assert count_customers(customer, ~first) == 1 and count_customers(None, first) == 3
