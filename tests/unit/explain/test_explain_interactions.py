"""Polynomials of the second degree: margins, exact contributions, and invalid arrays."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from math import factorial

import numpy as np
import onnx
import pytest

from tenure.explanation import Explainer, FlatTrees, InteractionTerms, LinearTerms, Terms, from_arrays
from tenure.training.export import ExportedModel, margins
from tenure.training.export.onnx_graph import build

TERMS = InteractionTerms(
    weights=np.array([2.0, -1.0, 0.5]),
    pairs=np.array([[0, 0], [0, 1], [1, 2]], dtype=np.int32),
    coefficients=np.array([0.3, -0.7, 0.2]),
    intercept=4.0,
    means=np.array([1.0, 0.0, -2.0]),
    variances=np.array([1.5, 0.4, 2.0]),
    low=np.array([-3.0, -2.0, -6.0]),
    high=np.array([5.0, 2.0, 2.0]),
)
LINE = LinearTerms(np.array([2.0, -1.0, 0.5]), 4.0, np.zeros(3), "value")
STUMP = FlatTrees(
    feature=np.array([0, -1, -1]),
    threshold=np.array([1.0, 0.0, 0.0]),
    left=np.array([1, -1, -1]),
    right=np.array([2, -1, -1]),
    value=np.array([0.0, -40.0, 70.0]),
    cover=np.array([10.0, 6.0, 4.0]),
    roots=np.array([0]),
    base=500.0,
    link="value",
)
ROWS = np.array([[1, 0, -2], [2, 1, 0], [-1, 0.5, 1], [100, -100, 100]], dtype=np.float32)


def by_definition(row: np.ndarray, known: tuple[int, ...] = (0, 1, 2)) -> float:
    """The mean margin over independent features, given those in ``known``."""
    d = np.clip(row.astype(np.float64), TERMS.low, TERMS.high) - TERMS.means
    value = TERMS.intercept + sum(TERMS.weights[i] * d[i] for i in known)
    for (i, j), coefficient in zip(TERMS.pairs.tolist(), TERMS.coefficients.tolist(), strict=True):
        if i == j:
            value += coefficient * (d[i] ** 2 if i in known else TERMS.variances[i])
        elif i in known and j in known:
            value += coefficient * d[i] * d[j]
    return float(value)


def test_the_graph_is_the_definition_and_has_no_probability() -> None:
    model = ExportedModel(build(TERMS, 3), TERMS)
    np.testing.assert_allclose(margins(model, ROWS), [by_definition(row) for row in ROWS], atol=1e-12)
    assert [output.name for output in onnx.load_from_string(model.onnx).graph.output] == ["margin"]


def test_contributions_are_shapley_values() -> None:
    """Shapley values (Shapley 1953) over all orders of the features."""
    explainer = Explainer(TERMS, ["a", "b", "c"])
    found = explainer.contributions(ROWS)
    for row, parts in zip(ROWS, found, strict=True):
        for feature in range(3):
            others = [i for i in range(3) if i != feature]
            expected = 0.0
            for known in chain.from_iterable(combinations(others, size) for size in range(3)):
                weight = factorial(len(known)) * factorial(2 - len(known)) / factorial(3)
                gain = by_definition(row, (*known, feature)) - by_definition(row, known)
                expected += weight * gain
            assert parts[feature] == pytest.approx(expected, abs=1e-9)
        assert parts.sum() + explainer.expected == pytest.approx(by_definition(row), abs=1e-9)


@pytest.mark.parametrize("terms", [TERMS, LINE, STUMP], ids=["interactions", "line", "trees"])
def test_terms_of_a_value_survive_their_arrays(terms: Terms) -> None:
    read = from_arrays(terms.arrays())
    assert type(read) is type(terms) and read.link == "value"
    assert {name: array.tobytes() for name, array in read.arrays().items()} == {
        name: array.tobytes() for name, array in terms.arrays().items()
    }
    model = ExportedModel(build(read, 3), read)
    assert np.isfinite(margins(model, ROWS)).all()
    with pytest.raises(ValueError, match="'value_link' is not true"):
        from_arrays(terms.arrays() | {"value_link": np.array(False)})
    with pytest.raises(ValueError, match="arrays of no known model"):
        from_arrays(terms.arrays() | {"more": np.zeros(1)})


def test_trees_of_a_value_are_not_bounded() -> None:
    assert margins(ExportedModel(build(STUMP, 1), STUMP), ROWS[:2, :1]).tolist() == [460.0, 570.0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pairs": np.array([[0, 3], [0, 1], [1, 2]], dtype=np.int32)}, "a pair names an unknown feature"),
        ({"pairs": np.array([[0, -1], [0, 1], [1, 2]], dtype=np.int32)}, "a pair names an unknown feature"),
        ({"pairs": np.array([[1, 0], [0, 1], [1, 2]], dtype=np.int32)}, "a pair is not in order"),
        ({"pairs": np.array([[0, 0], [0, 1]], dtype=np.int32)}, r"pairs \(2, 2\) for \(3,\) coefficients"),
        ({"pairs": np.array([[0.5, 0], [0, 1], [1, 2]])}, "'pairs' holds float64"),
        ({"means": np.zeros(2)}, r"'means' has shape \(2,\)"),
        ({"coefficients": np.array([0.3, np.nan, 0.2])}, "a value is not finite"),
        ({"variances": np.array([1.5, -0.4, 2.0])}, "a variance is negative"),
        ({"low": np.array([-3.0, 3.0, -6.0])}, "a low above its high"),
        ({"weights": np.zeros((3, 1))}, "has shape"),
    ],
)
def test_invalid_polynomials(changed: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(TERMS, **changed)  # type: ignore[arg-type]


def test_linear_terms_refuse_the_identity_link() -> None:
    with pytest.raises(ValueError, match="the link 'identity' needs a probability"):
        LinearTerms(np.ones(1), 0.0, np.zeros(1), "identity")
