"""The k-th smallest number against sorting, for both ways of finding it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.explanation.kth_smallest import kth_smallest

# Few different values: ties at the k-th place are the rule.
FEW = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 60)), elements=st.integers(0, 9).map(float))


@settings(max_examples=examples(60))
@given(FEW, st.data())
def test_it_is_where_sorting_puts_it(values: np.ndarray, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, values.shape[1]))
    before = values.copy()
    np.testing.assert_array_equal(kth_smallest(values, k), np.sort(values, axis=1)[:, k - 1])
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("k", [1, 10, 60, 333, 700, 2_000])
@pytest.mark.parametrize("ordered", [False, True])
def test_among_as_many_as_a_model_keeps(k: int, ordered: bool) -> None:
    values = np.random.default_rng(k).gamma(2.0, 1.0, (40, 2_000))
    if ordered:  # the smallest all in the first groups
        values.sort(axis=1)
    np.testing.assert_array_equal(kth_smallest(values, k), np.sort(values, axis=1)[:, k - 1])


def test_no_row_at_all() -> None:
    assert kth_smallest(np.empty((0, 2_000)), 60).shape == (0,)
