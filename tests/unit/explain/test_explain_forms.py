"""Quadratic terms, networks, neighbours and ensembles as arrays: round trips, invalid arrays, and formulas."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tenure.explanation import (
    EnsembleTerms,
    Explainer,
    InteractionTerms,
    KernelTerms,
    LinearTerms,
    NeighbourTerms,
    NetworkTerms,
    QuadraticTerms,
    Terms,
    combine,
    from_arrays,
    log_odds,
)
from tenure.training.export import ExportedModel, margins, score
from tenure.training.export.onnx_graph import build

RANDOM = np.random.default_rng(4)
MATRIX = RANDOM.normal(size=(30, 3)).astype(np.float32)
NUMBERS = np.array([0.5, -1.0, 2.0])

QUADRATIC = QuadraticTerms(NUMBERS, np.array([0.1, 0.0, -0.2]), 0.3, NUMBERS / 2, np.array([1.0, 0.0, 2.0]))
NETWORK = NetworkTerms(
    (RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(4, 2)), RANDOM.normal(size=(2, 1))),
    (RANDOM.normal(size=4), RANDOM.normal(size=2), RANDOM.normal(size=1)),
    MATRIX[:2],
)
NEIGHBOURS = NeighbourTerms(
    rows=MATRIX.astype(np.float64),
    shares=(np.arange(30) % 3 == 0).astype(np.float64),
    weights=np.ones(30),
    neighbours=5,
    centre=np.zeros(3),
    scale=np.ones(3),
    low=MATRIX.min(axis=0).astype(np.float64),
    high=MATRIX.max(axis=0).astype(np.float64),
    background=MATRIX[:2],
)
KERNEL = KernelTerms(
    rows=MATRIX.astype(np.float64),
    coefficients=RANDOM.normal(size=30),
    intercept=0.2,
    centre=np.zeros(3),
    scale=np.ones(3),
    low=MATRIX.min(axis=0).astype(np.float64),
    high=MATRIX.max(axis=0).astype(np.float64),
    background=MATRIX[:2],
)
PRODUCTS = InteractionTerms(
    weights=NUMBERS,
    pairs=np.array([[0, 0], [0, 1], [1, 2]], dtype=np.int32),
    coefficients=NUMBERS,
    intercept=0.4,
    means=NUMBERS / 2,
    variances=np.ones(3),
    low=-np.ones(3),
    high=np.ones(3),
    link="logit",
)
LINEAR = LinearTerms(NUMBERS, 0.1, np.zeros(3))
ENSEMBLE = EnsembleTerms((LINEAR, NEIGHBOURS, NETWORK), np.array([0.5, 0.2, 0.3]), -0.4)
FORMS = {"quadratic": QUADRATIC, "network": NETWORK, "neighbours": NEIGHBOURS, "kernel": KERNEL, "ensemble": ENSEMBLE}
FORMS |= {"products": PRODUCTS}
FORMS |= {
    f"{name} of a value": replace(FORMS[name], link="value") for name in ("network", "neighbours", "kernel", "products")
}


def reread(terms: Terms) -> Terms:
    file = io.BytesIO()
    arrays: dict[str, Any] = dict(terms.arrays())
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return from_arrays(dict(stored))


def scored(terms: Terms, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return score(ExportedModel(build(terms, 3), terms), matrix)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_survives_a_file(name: str) -> None:
    again = reread(FORMS[name])
    assert type(again) is type(FORMS[name])
    assert again.link == FORMS[name].link
    before, after = FORMS[name].arrays(), again.arrays()
    assert before.keys() == after.keys()
    for key, array in before.items():
        np.testing.assert_array_equal(after[key], array)


def test_the_parabolas_graph_and_contributions() -> None:
    away = MATRIX - QUADRATIC.means
    margin = 0.3 + away @ QUADRATIC.weights + away**2 @ QUADRATIC.curvatures
    np.testing.assert_allclose(scored(QUADRATIC, MATRIX)[0], margin, atol=1e-12)
    explainer = Explainer(QUADRATIC, ["a", "b", "c"])
    assert explainer.expected == pytest.approx(0.3 + 0.1 * 1.0 - 0.2 * 2.0)
    np.testing.assert_allclose(explainer.contributions(MATRIX).sum(axis=1), margin - explainer.expected, atol=1e-12)


def test_the_networks_graph_is_its_margin() -> None:
    np.testing.assert_allclose(scored(NETWORK, MATRIX)[0], NETWORK.margin(MATRIX), atol=1e-12)
    first, second, last = NETWORK.weights
    hidden = np.maximum(MATRIX @ first + NETWORK.biases[0], 0.0)
    hidden = np.maximum(hidden @ second + NETWORK.biases[1], 0.0)
    np.testing.assert_allclose(NETWORK.margin(MATRIX), (hidden @ last + NETWORK.biases[2])[:, 0])


def neighbour_by_hand(terms: NeighbourTerms, row: np.ndarray) -> float:
    x = (np.clip(row.astype(np.float64), terms.low, terms.high) - terms.centre) * terms.scale
    square = ((terms.rows - x) ** 2).sum(axis=1)
    weight = terms.weights * np.maximum(0, 1 - square / (1.5 * np.sort(square)[terms.neighbours - 1] + 1e-4))
    return float((weight * terms.shares).sum() / weight.sum())


def test_neighbours_by_hand_and_past_all_rows() -> None:
    matrix = np.concatenate([MATRIX, MATRIX + 0.3, [[3e38, -3e38, 1e30]]]).astype(np.float32)
    by_hand = [neighbour_by_hand(NEIGHBOURS, row) for row in matrix]
    np.testing.assert_allclose(NEIGHBOURS.margin(matrix), by_hand, atol=1e-9)
    np.testing.assert_allclose(scored(NEIGHBOURS, matrix)[1], by_hand, atol=1e-9)


@pytest.mark.parametrize("link", ["logit", "value"])
def test_the_kernel_by_hand_and_past_all_rows(link: Any) -> None:
    terms = replace(KERNEL, link=link)
    matrix = np.concatenate([MATRIX, MATRIX + 0.3, [[3e38, -3e38, 1e30]]]).astype(np.float32)
    held = np.clip(matrix.astype(np.float64), KERNEL.low, KERNEL.high)
    square = ((held[:, None, :] - KERNEL.rows) ** 2).sum(axis=2)
    by_hand = np.exp(-square) @ KERNEL.coefficients + 0.2
    np.testing.assert_allclose(terms.margin(matrix), by_hand, atol=1e-12)
    np.testing.assert_allclose(margins(ExportedModel(build(terms, 3), terms), matrix), by_hand, atol=1e-12)


def test_products_of_features_in_log_odds() -> None:
    margin, probability = scored(PRODUCTS, MATRIX)
    value = margins(ExportedModel(build(of_value := replace(PRODUCTS, link="value"), 3), of_value), MATRIX)
    np.testing.assert_array_equal(margin, value)
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-margin)), atol=1e-12)


def test_ties_at_the_kth_neighbour_have_equal_weights() -> None:
    """On a lattice dozens of rows are at equal distance; their order must not change the result."""
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    shares = (lattice.sum(axis=1) % 2).astype(np.float64)
    terms = replace(NEIGHBOURS, rows=lattice, shares=shares, weights=np.ones(64), low=np.zeros(3), high=np.full(3, 3.0))
    order = np.random.default_rng(1).permutation(64)
    mixed = replace(terms, rows=lattice[order], shares=shares[order])
    matrix = lattice.astype(np.float32)
    np.testing.assert_allclose(terms.margin(matrix), mixed.margin(matrix), atol=1e-12)
    np.testing.assert_allclose(scored(terms, matrix)[1], terms.margin(matrix), atol=1e-12)


def test_equal_rows_have_their_mean() -> None:
    one_place = replace(NEIGHBOURS, rows=np.zeros((30, 3)))
    assert one_place.margin(np.zeros((1, 3), np.float32)) == pytest.approx(NEIGHBOURS.shares.mean())


def test_an_ensemble_is_the_weighted_sum_of_log_odds() -> None:
    margins = [scored(member, MATRIX)[0] for member in ENSEMBLE.members]
    expected = 0.5 * margins[0] + 0.2 * log_odds(margins[1]) + 0.3 * margins[2] - 0.4
    np.testing.assert_allclose(combine(margins, ENSEMBLE), expected, atol=1e-12)
    margin, probability = scored(ENSEMBLE, MATRIX)
    np.testing.assert_allclose(margin, expected, atol=1e-9)
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-expected)), atol=1e-9)


def test_an_ensembles_contributions_keep_a_members_proportions() -> None:
    alone = EnsembleTerms((NEIGHBOURS,), np.array([1.0]), 0.0)
    names = ["a", "b", "c"]
    share, odds = (Explainer(terms, names).contributions(MATRIX[:8]) for terms in (NEIGHBOURS, alone))
    for of_share, of_odds in zip(share, odds, strict=True):
        slope = of_odds / np.where(of_share == 0.0, 1.0, of_share)
        assert np.ptp(slope[of_share != 0.0]) < 1e-9 and slope.min() >= 0


@pytest.mark.parametrize(
    ("terms", "change", "message"),
    [
        (QUADRATIC, {"means": np.zeros(2)}, r"'means' has shape \(2,\)"),
        (QUADRATIC, {"variances": -np.ones(3)}, "variance is negative"),
        (QUADRATIC, {"intercept": np.nan}, "not finite"),
        (NETWORK, {"weights": NETWORK.weights[:2]}, "do not match"),
        (NETWORK, {"biases": (*NETWORK.biases[:2], np.zeros(2))}, "do not match"),
        (NETWORK, {"weights": (), "biases": ()}, "no layer"),
        (NETWORK, {"background": np.zeros((0, 3))}, "background has shape"),
        (NETWORK, {"background": np.zeros((2, 4))}, "background has shape"),
        (NEIGHBOURS, {"neighbours": 31}, "31 of rows"),
        (NEIGHBOURS, {"neighbours": 0}, "0 of rows"),
        (NEIGHBOURS, {"shares": np.zeros(29)}, r"'shares' has shape \(29,\), not \(30,\)"),
        (NEIGHBOURS, {"weights": np.zeros(30)}, "a weight is not above 0"),
        (NEIGHBOURS, {"scale": np.full(3, np.inf)}, "not finite"),
        (NEIGHBOURS, {"background": np.zeros((2, 4))}, "background has shape"),
        (NEIGHBOURS, {"link": "logit"}, "needs log-odds"),
        (NEIGHBOURS, {"rows": np.zeros((0, 3))}, r"'rows' has shape \(0, 3\)"),
        (NETWORK, {"link": "identity"}, "needs a probability"),
        (PRODUCTS, {"link": "identity"}, "needs a probability"),
        (KERNEL, {"link": "identity"}, "needs a probability"),
        (KERNEL, {"coefficients": np.zeros(29)}, r"'coefficients' has shape \(29,\), not \(30,\)"),
        (KERNEL, {"coefficients": np.full(30, np.inf)}, "not finite"),
        (KERNEL, {"intercept": np.nan}, "not finite"),
        (KERNEL, {"scale": np.zeros(2)}, r"'scale' has shape \(2,\), not \(3,\)"),
        (KERNEL, {"background": np.zeros((2, 4))}, "background has shape"),
        (ENSEMBLE, {"weights": np.ones(2)}, "3 members, weights of shape"),
        (ENSEMBLE, {"weights": np.array([1.0, 0.0, 1.0])}, "a weight is not above 0"),
        (ENSEMBLE, {"members": (ENSEMBLE,), "weights": np.ones(1)}, "an ensemble itself"),
        (ENSEMBLE, {"intercept": np.inf}, "not finite"),
    ],
)
def test_arrays_that_do_not_hold_together_are_refused(terms: Any, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(terms, **change)


def test_files_that_lack_a_part_are_refused() -> None:
    arrays = ENSEMBLE.arrays()
    with pytest.raises(ValueError, match="a member or the intercept is missing"):
        from_arrays({name: array for name, array in arrays.items() if name != "intercept"})
    with pytest.raises(ValueError, match="a member or the intercept is missing"):
        from_arrays({name: array for name, array in arrays.items() if not name.startswith("member1.")})
    nested = {f"member0.{name}": array for name, array in arrays.items()}
    with pytest.raises(ValueError, match="an ensemble itself"):
        from_arrays(nested | {"member_weights": np.ones(1), "intercept": np.array(0.0)})
    with pytest.raises(ValueError, match="arrays of no known model: background, centre"):
        from_arrays({name: array for name, array in KERNEL.arrays().items() if name != "coefficients"})
    with pytest.raises(ValueError, match="arrays of no known model: curvatures"):
        from_arrays(QUADRATIC.arrays() | {"value_link": np.array(True)})
    with pytest.raises(ValueError, match="'value_link' is not true"):
        from_arrays(KERNEL.arrays() | {"value_link": np.array(False)})
    with pytest.raises(ValueError, match="a layer, a bias or the background is missing"):
        from_arrays({name: array for name, array in NETWORK.arrays().items() if name != "bias1"})
