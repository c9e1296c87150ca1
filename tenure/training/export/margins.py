"""The margin of every form of model, as nodes of an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tenure.explanation.distances import KeptRows
from tenure.explanation.ensemble import SHARE_FLOOR, EnsembleTerms
from tenure.explanation.interactions import InteractionTerms
from tenure.explanation.kernel import KernelTerms
from tenure.explanation.model import FlatTrees, LinearTerms, Terms
from tenure.explanation.neighbours import RADIUS, RESOLUTION, NeighbourTerms
from tenure.explanation.network import NetworkTerms
from tenure.explanation.quadratic import QuadraticTerms
from tenure.training.export.tree_node import tree_attributes

if TYPE_CHECKING:
    from onnx import NodeProto


class Graph:
    """Nodes in the order of their making; every value has a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node and return its output's name; of TopK's two outputs that of the values."""
        from onnx import helper

        name = output or f"v{len(self.nodes)}"
        outputs = [name, f"{name}_indices"] if operator == "TopK" else [name]
        self.nodes.append(helper.make_node(operator, list(inputs), outputs, **attributes))
        return name

    def constant(self, values: ArrayLike) -> str:
        from onnx import numpy_helper

        return self.add("Constant", value=numpy_helper.from_array(np.asarray(values)))


def margin(graph: Graph, terms: Terms, wide: str) -> str:
    """Append the margin of ``terms``, shape (n,); ``wide`` names the features as float64 (n, f)."""
    if isinstance(terms, EnsembleTerms):
        return _ensemble(graph, terms, wide)
    if isinstance(terms, FlatTrees):
        column = graph.add("Add", graph.add("TreeEnsemble", wide, **tree_attributes(terms)), graph.constant(terms.base))
    elif isinstance(terms, LinearTerms):
        column = _affine(graph, wide, terms.weights[:, None], terms.intercept)
    elif isinstance(terms, QuadraticTerms):
        away = graph.add("Sub", wide, graph.constant(terms.means))
        column = _affine(graph, away, terms.weights[:, None], terms.intercept)
        curved = graph.add("MatMul", graph.add("Mul", away, away), graph.constant(terms.curvatures[:, None]))
        column = graph.add("Add", column, curved)
    elif isinstance(terms, InteractionTerms):
        column = _interactions(graph, terms, wide)
    elif isinstance(terms, NetworkTerms):
        column = wide
        for index, (weights, bias) in enumerate(zip(terms.weights, terms.biases, strict=True)):
            column = _affine(graph, graph.add("Relu", column) if index else column, weights, bias)
    elif isinstance(terms, KernelTerms):
        kernel = graph.add("Exp", graph.add("Sub", graph.constant(0.0), _squares(graph, terms, wide)))
        column = _affine(graph, kernel, terms.coefficients[:, None], terms.intercept)
    else:
        column = _neighbours(graph, terms, wide)
    return graph.add("Reshape", column, graph.constant(np.array([-1])))


def _affine(graph: Graph, values: str, weights: ArrayLike, bias: ArrayLike) -> str:
    return graph.add("Add", graph.add("MatMul", values, graph.constant(weights)), graph.constant(bias))


def _interactions(graph: Graph, terms: InteractionTerms, wide: str) -> str:
    """See ``InteractionTerms``."""
    held = graph.add("Min", graph.add("Max", wide, graph.constant(terms.low)), graph.constant(terms.high))
    away = graph.add("Sub", held, graph.constant(terms.means))
    first, second = (
        graph.add("Gather", away, graph.constant(terms.pairs[:, side].astype(np.int64)), axis=1) for side in (0, 1)
    )
    products = graph.add("MatMul", graph.add("Mul", first, second), graph.constant(terms.coefficients[:, None]))
    return graph.add("Add", _affine(graph, away, terms.weights[:, None], terms.intercept), products)


def _squares(graph: Graph, terms: KeptRows, wide: str) -> str:
    """Squared distances to the kept rows, by |x - y|² = |x|² - 2 x·y + |y|²."""
    held = graph.add("Min", graph.add("Max", wide, graph.constant(terms.low)), graph.constant(terms.high))
    x = graph.add("Mul", graph.add("Sub", held, graph.constant(terms.centre)), graph.constant(terms.scale))
    own = graph.add("MatMul", graph.add("Mul", x, x), graph.constant(np.ones((terms.rows.shape[1], 1))))
    towards = _affine(graph, x, -2.0 * terms.rows.T, (terms.rows * terms.rows).sum(axis=1)[None, :])
    return graph.add("Relu", graph.add("Add", own, towards))


def _neighbours(graph: Graph, terms: NeighbourTerms, wide: str) -> str:
    """See ``NeighbourTerms``."""
    square = _squares(graph, terms, wide)
    nearest = graph.add("TopK", square, graph.constant(np.array([terms.neighbours])), axis=1, largest=0)
    kth = graph.add("Gather", nearest, graph.constant(np.array([terms.neighbours - 1])), axis=1)
    bandwidth = _affine(graph, kth, np.array([[RADIUS]]), RESOLUTION)
    kernel = graph.add("Relu", graph.add("Sub", graph.constant(1.0), graph.add("Div", square, bandwidth)))
    churned = graph.add("MatMul", kernel, graph.constant((terms.weights * terms.shares)[:, None]))
    return graph.add("Div", churned, graph.add("MatMul", kernel, graph.constant(terms.weights[:, None])))


def _ensemble(graph: Graph, terms: EnsembleTerms, wide: str) -> str:
    total = graph.constant(terms.intercept)
    for weight, member in zip(terms.weights, terms.members, strict=True):
        part = margin(graph, member, wide)
        if member.link == "identity":
            bounds = graph.constant(SHARE_FLOOR), graph.constant(1.0 - SHARE_FLOOR)
            held = graph.add("Clip", part, *bounds)
            rest = graph.add("Log", graph.add("Sub", graph.constant(1.0), held))
            part = graph.add("Sub", graph.add("Log", held), rest)
        total = graph.add("Add", total, graph.add("Mul", part, graph.constant(weight)))
    return total
