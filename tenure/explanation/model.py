"""Fitted models as plain arrays, which explanations are computed from without a training library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import VALUE_LINK, Link, freeze, scalar
from tenure.explanation.ensemble import EnsembleTerms
from tenure.explanation.interactions import ARRAYS as INTERACTION_ARRAYS
from tenure.explanation.interactions import InteractionTerms
from tenure.explanation.kernel import ARRAYS as KERNEL_ARRAYS
from tenure.explanation.kernel import KernelTerms
from tenure.explanation.neighbours import ARRAYS as NEIGHBOUR_ARRAYS
from tenure.explanation.neighbours import NeighbourTerms
from tenure.explanation.network import NetworkTerms, network_from_arrays
from tenure.explanation.quadratic import QuadraticTerms

LEAF = -1
"""Value of ``feature``, ``left`` and ``right`` in a leaf."""


@dataclass(frozen=True, eq=False)
class LinearTerms:
    """A linear model: ``margin = X @ weights + intercept``, in log-odds or in the label's unit.

    Raises:
        ValueError: lengths differ, a value is not finite or there is no feature.
    """

    weights: NDArray[np.float64]
    """Shape (features,)."""
    intercept: float
    means: NDArray[np.float64]
    """Mean of every feature over the training rows, shape (features,): the baseline of the contributions."""
    link: Link = "logit"

    def __post_init__(self) -> None:
        freeze(self, "weights", np.float64)
        freeze(self, "means", np.float64)
        object.__setattr__(self, "intercept", float(self.intercept))
        if self.weights.ndim != 1 or not len(self.weights) or self.weights.shape != self.means.shape:
            raise ValueError(
                f"linear terms: weights {self.weights.shape} and means {self.means.shape} must be (features,)"
            )
        if not (np.isfinite(self.weights).all() and np.isfinite(self.means).all() and np.isfinite(self.intercept)):
            raise ValueError("linear terms: a weight, a mean or the intercept is not finite")
        if self.link == "identity":
            raise ValueError("linear terms: the link 'identity' needs a probability")

    @property
    def width(self) -> int:
        """Number of features read."""
        return len(self.weights)

    def arrays(self) -> dict[str, NDArray]:
        """The terms as named arrays; ``from_arrays`` reads them back."""
        named: dict[str, NDArray] = {
            "weights": self.weights,
            "intercept": np.array(self.intercept),
            "means": self.means,
        }
        return named | ({VALUE_LINK: np.array(True)} if self.link == "value" else {})


@dataclass(frozen=True, eq=False)
class FlatTrees:
    """An ensemble of binary trees, all nodes in one set of arrays; the margin is ``base`` plus one leaf value a tree.

    A node's children come after it, and every node but a root has one parent, so arrays from a file cannot contain a
    cycle.

    Raises:
        ValueError: the arrays do not describe trees.
    """

    feature: NDArray[np.int32]
    """Shape (nodes,): the column that is compared; ``LEAF`` in a leaf."""
    threshold: NDArray[np.float32]
    """Shape (nodes,): a row goes left if and only if ``x <= threshold``."""
    left: NDArray[np.int32]
    """Shape (nodes,): index of the left child; ``LEAF`` in a leaf."""
    right: NDArray[np.int32]
    """Shape (nodes,): index of the right child; ``LEAF`` in a leaf."""
    value: NDArray[np.float64]
    """Shape (nodes,): what a leaf adds to the margin, learning rate or 1 / trees applied; used in leaves only."""
    cover: NDArray[np.float64]
    """Shape (nodes,): weight of the training rows that reached the node."""
    roots: NDArray[np.int32]
    """Shape (trees,): index of each tree's root."""
    base: float
    link: Link = "logit"

    def __post_init__(self) -> None:
        for name, dtype in _TREE_ARRAYS.items():
            freeze(self, name, dtype)
        object.__setattr__(self, "base", float(self.base))
        nodes = self.feature.shape
        for name in _TREE_ARRAYS:
            array = getattr(self, name)
            if array.ndim != 1 or (name != "roots" and array.shape != nodes):
                raise ValueError(f"trees: '{name}' has shape {array.shape}, 'feature' has {nodes}")
        if self.link not in ("logit", "identity", "value"):
            raise ValueError(f"trees: link is '{self.link}', not 'logit', 'identity' or 'value'")
        self._check_structure()

    def _check_structure(self) -> None:
        count = len(self.feature)
        inner = np.flatnonzero(self.feature != LEAF)
        if not len(self.roots):
            raise ValueError("trees: no tree")
        if (self.feature < LEAF).any():
            raise ValueError("trees: a feature index is below -1")
        children = np.concatenate([self.left[inner], self.right[inner]])
        if len(inner) and ((children <= np.tile(inner, 2)).any() or (children >= count).any()):
            raise ValueError("trees: a child comes before its parent or past the end")
        reached = np.bincount(np.concatenate([children, self.roots]).astype(np.int64).clip(min=0), minlength=count)
        if (self.roots < 0).any() or len(reached) != count or (reached != 1).any():
            raise ValueError("trees: a node has no parent, or more than one")
        leaves = self.feature == LEAF
        if not (np.isfinite(self.value[leaves]).all() and np.isfinite(self.base)):
            raise ValueError("trees: a leaf value or the base is not finite")
        if not np.isfinite(self.cover).all() or (self.cover < 0).any():
            raise ValueError("trees: a cover is negative or not finite")
        if np.isnan(self.threshold[inner]).any():
            raise ValueError("trees: a threshold is not a number")

    @property
    def width(self) -> int:
        """Number of features, up to the last that a split compares."""
        return int(self.feature.max(initial=LEAF)) + 1

    def arrays(self) -> dict[str, NDArray]:
        """The trees as named arrays; ``from_arrays`` reads them back."""
        named: dict[str, NDArray] = {name: getattr(self, name) for name in _TREE_ARRAYS}
        named["base"] = np.array(self.base)
        if self.link == "value":
            return named | {VALUE_LINK: np.array(True)}
        return named | {"identity_link": np.array(self.link == "identity")}


Terms = (
    LinearTerms
    | QuadraticTerms
    | InteractionTerms
    | FlatTrees
    | NetworkTerms
    | NeighbourTerms
    | KernelTerms
    | EnsembleTerms
)
"""Every kind of model."""

_TREE_ARRAYS: dict[str, type[np.generic]] = {
    "feature": np.int32,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "value": np.float64,
    "cover": np.float64,
    "roots": np.int32,
}


_NUMBERS = ("intercept", "base", "neighbours")
"""Names of arrays that are single numbers."""


def from_arrays(arrays: Mapping[str, NDArray]) -> Terms:
    """Read what ``Terms.arrays`` wrote.

    Raises:
        ValueError: the names are not those of a kind of model, or the arrays are inconsistent.
    """
    given = {name: array for name, array in arrays.items() if name != VALUE_LINK}
    if VALUE_LINK in arrays and not scalar(arrays, VALUE_LINK):
        raise ValueError(f"'{VALUE_LINK}' is not true")
    found = _of_any_link(given, "value" if VALUE_LINK in arrays else "logit")
    if found is None and VALUE_LINK not in arrays:
        found = _of_probability(given)
    if found is None:
        raise ValueError(f"arrays of no known model: {', '.join(sorted(arrays)) or 'nothing'}")
    return found


def _of_any_link(arrays: Mapping[str, NDArray], link: Link) -> Terms | None:
    """The kinds of model that predict a value, most of which can also predict a probability; None for another kind."""
    names = frozenset(arrays)
    if "layer0" in names:
        return network_from_arrays(arrays, link)
    if names == NEIGHBOUR_ARRAYS:
        return NeighbourTerms(**_fields(arrays), link="value" if link == "value" else "identity")
    kinds: dict[frozenset[str], type[LinearTerms | InteractionTerms | KernelTerms | FlatTrees]] = {
        frozenset({"weights", "intercept", "means"}): LinearTerms,
        frozenset({*INTERACTION_ARRAYS, "intercept"}): InteractionTerms,
        KERNEL_ARRAYS: KernelTerms,
    }
    if link == "value":
        kinds[frozenset({*_TREE_ARRAYS, "base"})] = FlatTrees
    return kinds[names](**_fields(arrays), link=link) if names in kinds else None


def _of_probability(arrays: Mapping[str, NDArray]) -> Terms | None:
    """The other kinds of model that predict a probability; None for another kind."""
    names = set(arrays)
    if names == {"weights", "curvatures", "intercept", "means", "variances"}:
        return QuadraticTerms(**_fields(arrays))
    if names == {*_TREE_ARRAYS, "base", "identity_link"}:
        link: Link = "identity" if scalar(arrays, "identity_link") else "logit"
        return FlatTrees(**_fields({name: arrays[name] for name in (*_TREE_ARRAYS, "base")}), link=link)
    return _ensemble(arrays) if "member_weights" in names else None


def _fields(arrays: Mapping[str, NDArray]) -> dict[str, Any]:
    """The arrays as arguments, numbers as numbers."""
    return {name: scalar(arrays, name) if name in _NUMBERS else array for name, array in arrays.items()}


def _ensemble(arrays: Mapping[str, NDArray]) -> EnsembleTerms:
    members: dict[str, dict[str, NDArray]] = {}
    for name, array in arrays.items():
        if name not in ("member_weights", "intercept"):
            member, _, rest = name.partition(".")
            members.setdefault(member, {})[rest] = array
    wanted = [f"member{index}" for index in range(len(members))]
    if set(members) != set(wanted) or "intercept" not in arrays:
        raise ValueError("ensemble: a member or the intercept is missing")
    if any("member_weights" in members[name] for name in wanted):
        raise ValueError("ensemble: a member is an ensemble itself")
    parts = tuple(from_arrays(members[name]) for name in wanted)
    return EnsembleTerms(parts, arrays["member_weights"], scalar(arrays, "intercept"))
