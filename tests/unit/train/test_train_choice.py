"""Which candidate is chosen: the simplest that is not shown to be worse, on the same rows held out."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.explanation import EnsembleTerms, LinearTerms, NetworkTerms, QuadraticTerms
from tenure.stats.jackknife import groups_of, jackknife_error
from tenure.training.choice import Contender, Ground, choose, complexity
from tenure.training.export import TreeNodes, flatten

ONE = np.ones(1)
OBJECTIVES = ("roc_auc", "average_precision", "log_loss", "brier")


def sigmoid(margin: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-margin))


def rows(count: int = 3_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True margins, and labels drawn from them."""
    random = np.random.default_rng(seed)
    margin = random.normal(-1.0, 1.5, count)
    return margin, (random.random(count) < sigmoid(margin)).astype(np.int8)


def test_forms_from_the_simplest_to_the_most_complex() -> None:
    linear = LinearTerms(ONE, 0.0, ONE)
    network = NetworkTerms((np.ones((1, 1)),), (ONE,), np.ones((1, 1), dtype=np.float32))
    ensemble = EnsembleTerms((linear, network), np.array([0.5, 0.5]), 0.0)
    curved = QuadraticTerms(ONE, ONE, 0.0, ONE, ONE)
    leaf = TreeNodes(np.array([-1]), np.zeros(1, np.float32), np.array([-1]), np.array([-1]), ONE, ONE)
    tree, trees = (flatten([leaf] * count, 0.0, "identity") for count in (1, 2))
    assert [complexity(terms) for terms in (linear, curved, tree, trees, network, ensemble)] == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_clear_lead_is_kept(objective: str) -> None:
    margin, label = rows()
    noisy = margin + np.random.default_rng(1).normal(0.0, 1.0, len(margin))
    simple, ahead = Contender(sigmoid(noisy), 0), Contender(sigmoid(margin), 3)
    ground = Ground(objective, label, 7)
    assert choose(ground, [simple, ahead]) == 1
    assert choose(ground, [ahead, simple]) == 0


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_lead_within_its_error_goes_to_the_simpler(objective: str) -> None:
    margin, label = rows()
    ground = Ground(objective, label, 7)
    kept = []
    for seed in range(0, 16, 2):
        draws = [
            sigmoid(margin + np.random.default_rng(place).normal(0.0, 0.3, len(margin))) for place in (seed, seed + 1)
        ]
        (first, without), (second, others) = (ground.scores(draw) for draw in draws)
        better = int(second > first)
        contenders = [Contender(draw, 3 if place == better else 0) for place, draw in enumerate(draws)]
        kept.append(abs(first - second) > jackknife_error(without - others))
        assert choose(ground, contenders) == (better if kept[-1] else 1 - better)
    assert len(set(kept)) == 2


def test_values_are_chosen_by_their_errors() -> None:
    random = np.random.default_rng(3)
    truth = random.normal(50.0, 20.0, 2_000)
    label = truth + random.normal(0.0, 5.0, 2_000)
    near, far = Contender(truth, 2), Contender(truth + random.normal(0.0, 10.0, 2_000), 0)
    assert choose(Ground("rmse", label, 7), [far, near]) == 1
    assert choose(Ground("mae", label, 7), [far, near]) == 1


def test_of_equally_simple_ones_the_better_and_of_equals_the_first() -> None:
    margin, label = rows()
    first, same = (Contender(sigmoid(margin), 2) for _ in range(2))
    worse = Contender(sigmoid(margin + np.random.default_rng(4).normal(0.0, 0.5, len(margin))), 2)
    ground = Ground("log_loss", label, 7)
    assert choose(ground, [worse, first, same]) == 1
    assert choose(ground, [Contender(sigmoid(margin), 3), first]) == 1
    assert choose(ground, [first]) == 0


@pytest.mark.parametrize("objective", ["roc_auc", "log_loss"])
def test_the_error_is_how_much_another_draw_of_customers_changes(objective: str) -> None:
    """Over many draws of the same kind of rows, against how the lead really varies; several rows a customer."""
    leads, errors = [], []
    for seed in range(150):
        random = np.random.default_rng(seed)
        customer = np.repeat(np.arange(250), 3)
        own = random.normal(-0.5, 1.2, 250)[customer]
        label = (random.random(250) < sigmoid(own[::3])).astype(np.int8)[customer]
        one, other = (sigmoid(own + random.normal(0.0, 0.8, 250)[customer]) for _ in range(2))
        ground = Ground(objective, label, 7, customer)
        (score, without), (second, others) = ground.scores(one), ground.scores(other)
        leads.append(score - second)
        errors.append(jackknife_error(without - others) ** 2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(leads), rel=0.25)


def test_groups_keep_customers_whole_and_classes_in_every_group() -> None:
    label = np.array([1] * 9 + [0] * 300, dtype=np.int8)
    groups = groups_of(label, 7)
    assert len(np.unique(groups)) == 9
    assert all(label[groups == group].sum() == 1 for group in range(9))
    customer = np.arange(309) // 3
    by_customer = groups_of(label, 7, customer)
    assert all(len(np.unique(by_customer[customer == one])) == 1 for one in range(103))
