import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.errors import TenureError
from tenure.explanation import FlatTrees, LinearTerms
from tenure.training.export import (
    ExportedModel,
    TreeNodes,
    at_most,
    below,
    export,
    flatten,
    score,
    threshold_rows,
    verify,
)
from tenure.training.export.onnx_graph import IR_VERSION, ML_OPSET, OPSET, build

FLOATS = st.floats(-1e6, 1e6, width=32)


def stump(feature, threshold, low, high):
    return TreeNodes(
        feature=np.array([feature, -1, -1]),
        threshold=np.array([threshold, 0, 0], dtype=np.float32),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        value=np.array([0.0, low, high]),
        cover=np.array([10.0, 6.0, 4.0]),
    )


LONE_LEAF = TreeNodes(
    feature=np.array([-1]),
    threshold=np.array([0], dtype=np.float32),
    left=np.array([-1]),
    right=np.array([-1]),
    value=np.array([0.25]),
    cover=np.array([10.0]),
)


def walk(trees: FlatTrees, matrix):
    """The definition of ``FlatTrees``, row by row."""
    margin = np.full(len(matrix), trees.base)
    for number, row in enumerate(matrix):
        for root in trees.roots:
            node = root
            while trees.feature[node] >= 0:
                left = row[trees.feature[node]] <= trees.threshold[node]
                node = trees.left[node] if left else trees.right[node]
            margin[number] += trees.value[node]
    return margin


def native(trees):
    return lambda matrix: 1 / (1 + np.exp(-walk(trees, matrix)))


@settings(max_examples=examples(200))
@given(st.floats(-1e30, 1e30), FLOATS)
def test_at_most_splits_every_float32_as_the_float64_threshold(threshold, other):
    rounded = np.float32(threshold)
    near = [rounded, np.nextafter(rounded, np.float32(np.inf)), np.nextafter(rounded, np.float32(-np.inf)), other]
    for x in np.array(near, dtype=np.float32):
        assert (x <= at_most(threshold)[()]) == (np.float64(x) <= threshold)


@settings(max_examples=examples(100))
@given(FLOATS, FLOATS)
def test_below_turns_less_than_into_at_most(threshold, other):
    t = np.float32(threshold)
    for x in (t, np.nextafter(t, np.float32(np.inf)), np.nextafter(t, np.float32(-np.inf)), np.float32(other)):
        assert (x <= below(t)[()]) == (x < t)


def test_thresholds_at_the_ends_of_the_scale():
    assert at_most(np.inf) == np.inf and at_most(-np.inf) == -np.inf
    assert at_most(1e300) == np.finfo(np.float32).max
    assert at_most(-1e300) == -np.inf


@settings(max_examples=examples(15))
@given(
    st.lists(st.tuples(st.integers(0, 2), FLOATS, st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=6),
    hnp.arrays(np.float32, (8, 3), elements=FLOATS),
)
def test_the_graph_is_the_walk(stumps, matrix):
    trees = flatten([LONE_LEAF, *(stump(*each) for each in stumps), LONE_LEAF], base=-0.5, link="logit")
    model = ExportedModel(build(trees, 3), trees)
    rows = np.concatenate([matrix, threshold_rows(trees, matrix)])
    margin, probability = score(model, rows)
    np.testing.assert_allclose(margin, walk(trees, rows), atol=1e-12)
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-margin)), atol=1e-12)
    assert margin.dtype == probability.dtype == np.float64 and margin.shape == (len(rows),)


def test_flatten_leaves_out_unused_nodes_and_puts_children_after_parents():
    tree = TreeNodes(
        feature=np.array([0, -1, 1, -1, -1, 5]),
        threshold=np.array([1, 0, 2, 0, 0, 9], dtype=np.float32),
        left=np.array([2, -1, 4, -1, -1, -7]),
        right=np.array([1, -1, 3, -1, -1, -7]),
        value=np.array([0.0, 1.0, 0.0, 3.0, 4.0, 9.0]),
        cover=np.array([9.0, 3.0, 6.0, 2.0, 4.0, 0.0]),
    )
    trees = flatten([tree, LONE_LEAF], base=0.0, link="logit")
    assert trees.feature.tolist() == [0, 1, -1, -1, -1, -1]
    assert trees.value[[2, 3, 4, 5]].tolist() == [4.0, 3.0, 1.0, 0.25]
    assert trees.roots.tolist() == [0, 5]


def test_a_share_stays_a_share():
    trees = flatten([LONE_LEAF._replace(value=np.array([1 / 3 + 1e-16]))] * 3, base=0.0, link="identity")
    margin, probability = score(ExportedModel(build(trees, 1), trees), np.zeros((2, 1), dtype=np.float32))
    assert margin[0] > 1.0 and (probability == 1.0).all()


def test_linear_sums_are_wide():
    rng = np.random.default_rng(0)
    matrix = (rng.normal(size=(50, 80)) * 10.0 ** rng.integers(0, 5, 80)).astype(np.float32)
    terms = LinearTerms(rng.normal(size=80) / np.abs(matrix).max(axis=0), -0.3, np.zeros(80))
    margin, _ = score(ExportedModel(build(terms, 80), terms), matrix)
    np.testing.assert_allclose(margin, matrix.astype(np.float64) @ terms.weights - 0.3, atol=1e-12)


def test_equal_models_make_equal_bytes_in_pinned_versions():
    trees = flatten([stump(0, 1.5, -1, 1)], base=0.0, link="logit")
    assert build(trees, 3) == build(trees, 3)
    model = onnx.load_from_string(build(trees, 3))
    assert model.ir_version == IR_VERSION == 10
    assert {each.domain: each.version for each in model.opset_import} == {"": OPSET, "ai.onnx.ml": ML_OPSET}


def test_a_threshold_that_is_off_by_one_float_is_caught():
    good = flatten([stump(0, 1.5, -1, 1)], base=0.0, link="logit")
    off = flatten([stump(0, np.nextafter(np.float32(1.5), np.float32(2)), -1, 1)], base=0.0, link="logit")
    matrix = np.array([[0.0], [3.0]], dtype=np.float32)
    export(good, native(good), matrix)
    assert verify(ExportedModel(build(off, 1), off), native(good), matrix, "rows") < 1e-12  # these rows do not tell
    with pytest.raises(TenureError, match="at most 1e-06 is allowed"):
        export(off, native(good), matrix)


@pytest.mark.parametrize("wrong", [1.1e-6, np.nan])
def test_a_difference_over_the_tolerance_is_refused(wrong):
    trees = flatten([stump(0, 1.5, -1, 1)], base=0.0, link="logit")
    matrix = np.zeros((3, 1), dtype=np.float32)

    def other(rows):
        shifted = native(trees)(rows)
        shifted[-1] += wrong
        return shifted

    with pytest.raises(TenureError, match=r"differs from the fitted one by .* on the given rows \(row 2\)"):
        export(trees, other, matrix)


def test_a_difference_under_the_tolerance_passes():
    trees = flatten([stump(0, 1.5, -1, 1)], base=0.0, link="logit")
    export(trees, lambda rows: native(trees)(rows) + 0.9e-6, np.zeros((3, 1), dtype=np.float32))
