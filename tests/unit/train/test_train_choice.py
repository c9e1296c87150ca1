"""Which candidate is chosen: the simplest that is not shown to be worse, by scores of the same blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.explanation import EnsembleTerms, LinearTerms, NetworkTerms, QuadraticTerms
from tenure.training.choice import Blocks, Contender, choose, complexity

ONE = np.ones(1)
BLOCKS = Blocks(5_000, 1_000)


def test_forms_from_the_simplest_to_the_most_complex() -> None:
    linear = LinearTerms(ONE, 0.0, ONE)
    network = NetworkTerms((np.ones((1, 1)),), (ONE,), np.ones((1, 1), dtype=np.float32))
    ensemble = EnsembleTerms((linear, network), np.array([0.5, 0.5]), 0.0)
    curved = QuadraticTerms(ONE, ONE, 0.0, ONE, ONE)
    assert [complexity(terms) for terms in (linear, curved, network, ensemble)] == [0, 1, 2, 3]


def test_a_lead_that_most_blocks_share_is_kept() -> None:
    simple = Contender((0.84, 0.85, 0.83, 0.86, 0.84), 0.85, 0)
    ahead = Contender((0.85, 0.861, 0.841, 0.87, 0.849), 0.861, 2)
    assert choose("roc_auc", [simple, ahead], BLOCKS) == 1
    assert choose("roc_auc", [ahead, simple], BLOCKS) == 0
    assert choose("log_loss", [ahead, simple], BLOCKS) == 1


def test_a_lead_that_one_block_makes_is_not() -> None:
    simple = Contender((0.84, 0.85, 0.83, 0.86, 0.84), 0.85, 0)
    lucky = Contender((0.84, 0.849, 0.83, 0.86, 0.87), 0.849, 2)
    assert lucky.pooled(BLOCKS) > simple.pooled(BLOCKS)
    assert choose("roc_auc", [lucky, simple], BLOCKS) == 1


def test_errors_the_other_way_round() -> None:
    """CDNOW: two folds speak for products of columns, and the validation part speaks against them."""
    linear = Contender((84.00, 71.39, 95.37, 75.75, 66.14), 68.22, 0)
    products = Contender((83.46, 71.65, 91.68, 72.67, 65.91), 70.19, 1)
    trees = Contender((84.39, 74.26, 97.50, 78.54, 66.60), 67.42, 2)
    blocks = Blocks(9_429, 4_176)
    assert products.pooled(blocks) < linear.pooled(blocks)
    assert choose("rmse", [products, trees, linear], blocks) == 2


def test_of_equally_simple_ones_the_better_and_of_equals_the_first() -> None:
    first, same = (Contender((0.84, 0.85, 0.83), 0.85, 2) for _ in range(2))
    worse = Contender((0.839, 0.849, 0.829), 0.850, 2)
    assert choose("roc_auc", [worse, first, same], BLOCKS) == 1
    assert choose("roc_auc", [Contender((0.84, 0.85, 0.83), 0.85, 3), first], BLOCKS) == 1
    assert choose("roc_auc", [first], BLOCKS) == 0


@pytest.mark.parametrize(
    ("means", "validation", "best"),
    [
        ((0.850, 0.840), (0.83, 0.84), 0),  # 0.8467 against 0.8400: many rows outweigh few
        ((0.842, 0.840), (0.80, 0.84), 1),  # 0.8350 against 0.8400: but not whatever those few say
    ],
)
def test_scores_are_weighed_by_their_rows(
    means: tuple[float, float], validation: tuple[float, float], best: int
) -> None:
    both = [Contender((mean,) * 5, score, 2) for mean, score in zip(means, validation, strict=True)]
    assert choose("roc_auc", both, BLOCKS) == best


def test_the_error_is_that_of_a_mean_over_blocks() -> None:
    """Over many draws of normal scores, against how the pooled lead really varies."""
    rng, folds = np.random.default_rng(5), 5
    leads, errors = [], []
    for _ in range(4_000):
        # A block's mean varies by its rows: a fold has a thousand, and so has the validation part.
        one, other = (Contender(tuple(rng.normal(0.0, 0.01, folds)), float(rng.normal(0.0, 0.01)), 0) for _ in range(2))
        leads.append(one.pooled(BLOCKS) - other.pooled(BLOCKS))
        errors.append(one.error_of_lead(other, BLOCKS) ** 2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(leads), rel=0.05)
