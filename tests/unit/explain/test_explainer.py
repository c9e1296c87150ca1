"""Contributions by source column, and the top reasons."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.explanation import LEAF, Explainer, FlatTrees, LinearTerms

SOURCES = ["tenure", "contract", "contract", "charges"]


@pytest.fixture
def explainer() -> Explainer:
    terms = LinearTerms(weights=np.array([-2.0, 1.0, 3.0, 0.5]), intercept=0.25, means=np.array([0.0, 0.5, 0.5, 1.0]))
    return Explainer(terms, SOURCES)


def test_linear_contributions_add_up_by_column(explainer: Explainer) -> None:
    matrix = np.array([[1.0, 1.0, 0.0, 1.0], [-1.0, 0.0, 1.0, 3.0]], dtype=np.float32)
    assert explainer.columns == ("tenure", "contract", "charges")
    assert explainer.expected == pytest.approx(0.5 + 1.5 + 0.5 + 0.25)
    assert explainer.contributions(matrix) == pytest.approx(np.array([[-2.0, -1.0, 0.0], [2.0, 1.0, 1.0]]))


def test_reasons_are_the_largest_first_whatever_their_sign(explainer: Explainer) -> None:
    matrix = np.array([[1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 5.0]], dtype=np.float32)
    assert explainer.reasons(matrix, top=2) == [
        [("tenure", -2.0), ("contract", -1.0)],
        [("charges", 2.0), ("contract", 1.0)],
    ]
    assert explainer.reasons(matrix[:1], top=1) == [[("tenure", -2.0)]]


def test_a_column_without_a_contribution_is_no_reason(explainer: Explainer) -> None:
    row = np.array([[1.0, 1.0, 0.0, 1.0]], dtype=np.float32)
    assert [reason.column for reason in explainer.reasons(row, top=9)[0]] == ["tenure", "contract"]


def test_equal_contributions_keep_the_columns_order() -> None:
    explainer = Explainer(LinearTerms(np.array([1.0, 1.0]), 0.0, np.zeros(2)), ["b", "a"])
    assert [reason.column for reason in explainer.reasons(np.ones((1, 2), dtype=np.float32), top=2)[0]] == ["b", "a"]


def test_no_rows_no_reasons(explainer: Explainer) -> None:
    assert explainer.reasons(np.empty((0, 4), dtype=np.float32), top=3) == []


def test_a_model_with_other_features_than_the_transform_is_refused() -> None:
    stump = FlatTrees(
        feature=np.array([4, LEAF, LEAF]),
        threshold=np.zeros(3),
        left=np.array([1, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF]),
        value=np.zeros(3),
        cover=np.ones(3),
        roots=np.array([0]),
        base=0.0,
    )
    with pytest.raises(ValueError, match="reads 5 features, the transform makes 4"):
        Explainer(stump, SOURCES)
    with pytest.raises(ValueError, match="reads 2 features, the transform makes 4"):
        Explainer(LinearTerms(np.ones(2), 0.0, np.zeros(2)), SOURCES)
