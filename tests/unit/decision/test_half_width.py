"""How wide an interval is: what it promises over all customers, and that it keeps it wherever the prediction is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.decision import HalfWidth, adaptive_half_width, conformal_half_width
from tenure.errors import DataError


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.99])
def test_new_rows_are_covered_as_often_as_promised(level: float) -> None:
    """Over many draws of the validation part the mean coverage of new rows is between level and level + 1 / (n + 1)."""
    rng, n = np.random.default_rng(4), 199
    covered = []
    for _ in range(2_000):
        errors = np.abs(rng.standard_t(3, n))
        covered.append((np.abs(rng.standard_t(3, 20)) <= conformal_half_width(errors, level)).mean())
    # The standard error of the mean is below 0.003 at every level.
    assert level - 0.008 < np.mean(covered) < level + 1 / (n + 1) + 0.008


@pytest.mark.parametrize(("rows", "level", "rank"), [(9, 0.9, 9), (99, 0.9, 90), (100, 0.9, 91), (1, 0.5, 1)])
def test_the_rank_of_the_error(rows: int, level: float, rank: int) -> None:
    errors = np.random.default_rng(0).permutation(rows) + 1.0
    assert conformal_half_width(errors, level) == rank


@pytest.mark.parametrize(("rows", "level"), [(8, 0.9), (98, 0.99), (0, 0.5)])
def test_too_few_rows_for_an_interval(rows: int, level: float) -> None:
    with pytest.raises(
        DataError, match=f"the validation part has {rows} rows: an interval at {level:g} needs at least"
    ):
        conformal_half_width(np.ones(rows), level)
    assert conformal_half_width(np.ones(rows + 1), level) == 1.0


def spenders(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Predicted values, and absolute errors that grow with them, with heavy tails."""
    value = rng.gamma(1.0, 50.0, rows)
    return value, np.abs(rng.standard_t(3, rows)) * (5.0 + value)


@pytest.mark.parametrize("rows", [100, 250, 1_000])
def test_over_all_customers_the_promise_holds_to_half_a_point(rows: int) -> None:
    rng, covered = np.random.default_rng(1), []
    for _ in range(400_000 // rows):
        half = adaptive_half_width(*spenders(rows, rng), 0.9)
        value, error = spenders(400, rng)
        covered.append((error <= half.at(value)).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.005)


def test_it_holds_in_every_tenth_where_one_width_for_all_does_not() -> None:
    rng = np.random.default_rng(2)
    value, error = spenders(4_000, rng)
    adaptive, constant = adaptive_half_width(value, error, 0.9), conformal_half_width(error, 0.9)
    later, off = spenders(100_000, rng)
    tenths = np.array_split(np.argsort(later), 10)
    held = [(off[rows] <= adaptive.at(later[rows])).mean() for rows in tenths]
    # 400 rows a knot: the standard error is 0.015.
    assert max(abs(share - 0.9) for share in held) < 0.045
    assert (off[tenths[0]] <= constant).mean() > 0.99 and (off[tenths[9]] <= constant).mean() < 0.75
    # The largest predictions lie far past the last knot.
    assert (off <= adaptive.at(later))[later > 3 * adaptive.values[-2]].mean() > 0.85
    assert adaptive.at(later).mean() < 1.05 * constant


@settings(max_examples=examples(60))
@given(st.integers(0, 2**32 - 1), st.integers(200, 900), st.sampled_from([0.5, 0.8, 0.9, 0.99]))
def test_enough_of_the_rows_it_was_made_from_are_inside(seed: int, rows: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    value = rng.integers(0, 1 + seed % 40, rows).astype(np.float64)
    error = rng.choice([0.0, 0.0, 1.0, 7.0, 1e6], rows, p=rng.dirichlet(np.ones(5)))
    half = adaptive_half_width(value, error, level)
    # The line is stretched to go through a row; that row may lie outside by the last bit.
    assert (error <= half.at(value) * (1.0 + 1e-12)).mean() >= level


def test_few_rows_have_one_width_and_equal_values_the_same() -> None:
    rng = np.random.default_rng(3)
    value, error = spenders(199, rng)
    assert adaptive_half_width(value, error, 0.9) == HalfWidth((0.0,), (conformal_half_width(error, 0.9),))
    value, error = spenders(2_000, rng)
    value[:1_500] = 0.0
    half = adaptive_half_width(value, error, 0.9)
    assert half.values[0] == 0.0 and 1 < len(half.values) <= 4
    # Where the level asks for more rows than a knot has, there are fewer knots.
    assert len(adaptive_half_width(*spenders(2_000, rng), 0.998).values) == 4
    with pytest.raises(DataError, match=r"the validation part has 8 rows: an interval at 0\.9 needs at least 9"):
        adaptive_half_width(value[:8], error[:8], 0.9)


def test_between_and_past_the_knots() -> None:
    half = HalfWidth((10.0, 20.0, 40.0), (4.0, 2.0, 6.0))
    assert half.at(np.array([-5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 100.0])).tolist() == [4, 4, 3, 2, 4, 6, 18]
    assert HalfWidth((10.0, 20.0), (6.0, 2.0)).at(np.array([90.0])).tolist() == [2.0]
    assert HalfWidth.from_dict(half.to_dict()) == half


@pytest.mark.parametrize(
    ("values", "half_widths", "said"),
    [
        ((), (), "0 values for 0 half-widths"),
        ((1.0, 2.0), (1.0,), "2 values for 1 half-widths"),
        ((2.0, 1.0), (1.0, 1.0), "does not ascend"),
        ((1.0, float("nan")), (1.0, 1.0), "does not ascend"),
        ((1.0, 2.0), (1.0, -1.0), "not a number from 0"),
        ((1.0,), (float("inf"),), "not a number from 0"),
        ((1.0,), (float("nan"),), "not a number from 0"),
    ],
)
def test_what_is_no_width_is_refused(values: tuple[float, ...], half_widths: tuple[float, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        HalfWidth(values, half_widths)
