"""Metrics of a regression and their intervals, held to formulas written out and to the plain bootstrap over rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, r2_score, root_mean_squared_error

from tenure.errors import DataError
from tenure.number_text import compact, quantity
from tenure.stats.resampling import GROUPS, resampled_sums
from tenure.tasks.value.evaluation import ScoredValues, compare, measure, quality, too_small


def spend(rows: int, noise: float = 20.0, seed: int = 0) -> tuple[np.ndarray, ScoredValues]:
    """Heavy-tailed amounts, and a model that sees them through noise."""
    generator = np.random.default_rng(seed)
    label = generator.gamma(0.8, 60.0, rows)
    value = label + generator.normal(0.0, noise, rows)
    return label, scored(value)


def scored(value: np.ndarray, half: float = 33.0) -> ScoredValues:
    return ScoredValues(value, value - half, value + half, 0.9, value > 100.0)


def test_values_are_those_of_the_formulas() -> None:
    label, model = spend(2_500)
    found = measure(label, model, samples=50, seed=1)
    assert found["rmse"].value == pytest.approx(root_mean_squared_error(label, model.value))
    assert found["mae"].value == pytest.approx(mean_absolute_error(label, model.value))
    assert found["r2"].value == pytest.approx(r2_score(label, model.value))
    assert found["mape"].value == pytest.approx(mean_absolute_percentage_error(label, model.value))
    assert found["bias"].value == pytest.approx(float(np.mean(model.value - label)))
    inside = (model.low <= label) & (label <= model.high)
    assert found["coverage"].value == pytest.approx(inside.mean())
    assert found["interval_width"].value == pytest.approx(66.0)
    ratio = np.abs(model.value - label).sum() / np.abs(label - label.mean()).sum()
    assert found["relative_absolute_error"].value == pytest.approx(ratio)
    assert found["mean_value"].value == pytest.approx(model.value.mean())
    assert found["contacted_share"].value == pytest.approx((model.value > 100.0).mean())


@pytest.mark.parametrize("rows", [3_000, GROUPS + 5, 60_000])
def test_intervals_are_those_of_the_plain_bootstrap(rows: int) -> None:
    label, model = spend(rows, seed=4)
    found = measure(label, model, samples=1_000, seed=2)
    generator = np.random.default_rng(9)
    plain = {"rmse": [], "r2": [], "coverage": []}
    for _ in range(400):
        drawn = generator.integers(rows, size=rows)
        there, value = label[drawn], model.value[drawn]
        squared = np.mean((value - there) ** 2)
        plain["rmse"].append(np.sqrt(squared))
        plain["r2"].append(1.0 - squared / np.var(there))
        plain["coverage"].append(np.mean(np.abs(value - there) <= 33.0))
    for name, values in plain.items():
        low, high = np.quantile(values, (0.025, 0.975))
        estimate = found[name]
        assert estimate.high - estimate.low == pytest.approx(high - low, rel=0.2)
        assert abs(estimate.low - low) < 0.15 * (high - low)


def test_groups_of_rows_keep_the_skew_of_single_ones() -> None:
    terms = np.random.default_rng(1).pareto(4.0, (40_000, 1))
    sums = np.concatenate(list(resampled_sums(terms, 4_000, 3)))[:, 0]
    assert sums.std() == pytest.approx(terms.std() * 200.0, rel=0.06)
    assert abs(sums.mean() - terms.sum()) < 4 * sums.std() / np.sqrt(4_000)


def test_what_is_not_defined_is_none() -> None:
    label = np.zeros(300)
    found = measure(label, scored(np.ones(300)), samples=20, seed=1)
    assert found["r2"].value is None
    assert found["mape"].value is None
    assert found["relative_absolute_error"].value is None
    assert found["rmse"].value == 1.0


def test_mape_is_over_labels_other_than_zero() -> None:
    label = np.concatenate((np.zeros(200), np.full(100, 10.0)))
    found = measure(label, scored(np.full(300, 12.0)), samples=50, seed=1)
    assert found["mape"].value == pytest.approx(0.2)


def test_full_coverage_is_not_certain() -> None:
    label = np.linspace(0.0, 1.0, 200)
    found = measure(label, scored(label), samples=50, seed=1)
    assert found["coverage"].value == found["coverage"].high == 1.0
    assert found["coverage"].low == pytest.approx(0.025 ** (1 / 200))


def test_labels_far_from_zero_lose_no_digits() -> None:
    label, model = spend(1_000)
    far = ScoredValues(model.value + 1e9, model.low + 1e9, model.high + 1e9, 0.9, model.contacted)
    near, moved = (measure(y, m, samples=20, seed=1)["r2"].value for y, m in ((label, model), (label + 1e9, far)))
    assert moved == pytest.approx(near, abs=1e-6)


def test_errors_too_large_to_square_are_undefined() -> None:
    label = np.linspace(0.0, 1e200, 200)
    found = measure(label, scored(-label), samples=20, seed=1)
    assert found["rmse"].value is None
    assert found["mae"].value == pytest.approx(1e200)


@pytest.mark.parametrize(
    ("field", "bad", "said"),
    [
        ("value", np.nan, "1 of 3 predicted values are not finite numbers; the first is nan at row 2"),
        ("high", np.inf, "1 of 3 predicted upper ends are not finite numbers; the first is inf at row 2"),
        ("low", 9.0, "1 of 3 intervals end below their start; the first is 9.0 to 2.0 at row 2"),
    ],
)
def test_what_is_no_prediction_is_refused(field: str, bad: float, said: str) -> None:
    parts = {"value": np.ones(3), "low": np.zeros(3), "high": np.full(3, 2.0)}
    parts[field][1] = bad
    with pytest.raises(DataError) as error:
        ScoredValues(**parts, level=0.9, contacted=np.zeros(3, dtype=bool))
    assert str(error.value) == said


def test_predictions_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match="2 lower ends for 3 values"):
        ScoredValues(np.ones(3), np.zeros(2), np.ones(3), 0.9, np.zeros(3, dtype=bool))
    with pytest.raises(DataError, match="1 decisions for 3 values"):
        ScoredValues(np.ones(3), np.zeros(3), np.ones(3), 0.9, np.zeros(1, dtype=bool))
    with pytest.raises(DataError, match="the same rows: 3 labels, 3 and 2 values"):
        compare(np.ones(3), scored(np.ones(3)), scored(np.ones(2)), objective="mae", samples=5, seed=1)


def test_comparison_is_paired() -> None:
    label, champion = spend(4_000)
    better = scored(label + 0.97 * (champion.value - label))
    found = compare(label, better, champion, objective="rmse", samples=300, seed=1)
    alone = measure(label, champion, samples=300, seed=1)["rmse"]
    assert found.advantage.share_better == 1.0
    assert found.advantage.share_worse == 0.0
    assert found.advantage.difference == found.rmse
    assert found.advantage.worth == pytest.approx(label.std() - alone.value)
    assert found.rmse.value == pytest.approx(-0.03 * alone.value)
    assert found.rmse.high - found.rmse.low < 0.1 * (alone.high - alone.low)
    turned = compare(label, champion, better, objective="mae", samples=300, seed=1)
    assert turned.advantage.share_worse == 1.0
    assert turned.advantage.difference == turned.mae
    loss = turned.mae.value
    assert turned.advantage.share_within(0.5 * loss) == 0.0
    assert turned.advantage.share_within(1.5 * loss) == 1.0


def test_coverage_is_held_against_each_models_own_level() -> None:
    label, champion = spend(3_000)
    half = np.quantile(np.abs(champion.value - label), 0.8)
    narrow = ScoredValues(champion.value, champion.value - half, champion.value + half, 0.8, champion.contacted)
    found = compare(label, narrow, champion, objective="rmse", samples=200, seed=1)
    assert found.coverage.value < -0.05
    assert np.mean(found.shortfall_resampled <= 0.02) > 0.95


def test_quality_is_the_objective_turned() -> None:
    label, value = np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 5.0])
    assert quality("rmse")(label, value) == pytest.approx(-np.sqrt(4 / 3))
    assert quality("mae")(label, value) == pytest.approx(-2 / 3)


def test_quantities_as_people_write_them() -> None:
    written = [quantity(value, "USD") for value in (1234.4, 19.5, 0.991, -3.184, 0.0, -0.001)]
    assert written == ["$1,234", "$19.50", "$0.99", "-$3.18", "$0", "$0.00"]
    assert [quantity(value, "days") for value in (1234.4, 12.34, -0.04567)] == [
        "1,234 days",
        "12.3 days",
        "-0.0457 days",
    ]
    assert [compact(value, "USD") for value in (50.0, 12_500.0, 0.5)] == ["$50", "$12.5k", "$0.50"]
    assert [compact(value, "days") for value in (50.0, 12_500.0)] == ["50", "12.5k days"]


def test_rows_that_say_too_little() -> None:
    assert too_small(np.arange(100.0)) is None
    assert too_small(np.arange(99.0)) == "too small: 99 rows, at least 100 are needed"
    assert too_small(np.full(500, 3.0)) == "all 500 rows have the same label"
    assert too_small(np.array([])) == "too small: 0 rows, at least 100 are needed"
