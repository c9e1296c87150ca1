"""The ONNX graph of linear terms and of trees.

All sums are in float64: the inputs stay float32, so that a comparison splits as in training, and adding up hundreds
of leaves in float32 would cost the seventh digit that we promise. One ``TreeEnsemble`` node (ai.onnx.ml 5) does it
at the speed of its float32 form and at half the size of ``TreeEnsembleRegressor``, whose output is float32 whatever
goes in. It needs ONNX Runtime 1.21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tenure.explain.model import LEAF, FlatTrees, LinearTerms, Terms

if TYPE_CHECKING:
    from onnx import NodeProto

OPSET = 20
ML_OPSET = 5
IR_VERSION = 10
"""What ONNX Runtime 1.21 reads; a newer ``onnx`` package would write a newer one by itself."""

_SUM, _NO_TRANSFORM, _BRANCH_LEQ = 1, 0, 0
"""Values of ``aggregate_function``, ``post_transform`` and ``nodes_modes``, see the operator's specification."""


def build(terms: Terms, features: int) -> bytes:
    """Serialize a model: ``features`` float32 (n, f) → ``margin`` float64 (n,), ``probability`` float64 (n,).

    Args:
        features: columns of the matrix, f; trees need not use all of them.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    def constant(name: str, values: np.ndarray) -> NodeProto:
        return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(values))

    nodes = [helper.make_node("Cast", ["features"], ["wide"], to=TensorProto.DOUBLE)]
    if isinstance(terms, LinearTerms):
        base = terms.intercept
        nodes += [
            constant("weights", terms.weights[:, None]),
            helper.make_node("MatMul", ["wide", "weights"], ["terms"]),
        ]
    else:
        base = terms.base
        nodes.append(_ensemble(terms))
    nodes += [
        constant("flat", np.array([-1], dtype=np.int64)),
        helper.make_node("Reshape", ["terms", "flat"], ["sum"]),
        constant("base", np.array(base)),
        helper.make_node("Add", ["sum", "base"], ["margin"]),
    ]
    if terms.link == "logit":
        nodes.append(helper.make_node("Sigmoid", ["margin"], ["probability"]))
    else:
        # A mean of shares can leave the unit interval by the last bit.
        nodes += [
            constant("zero", np.array(0.0)),
            constant("one", np.array(1.0)),
            helper.make_node("Clip", ["margin", "zero", "one"], ["probability"]),
        ]
    graph = helper.make_graph(
        nodes,
        "tenure",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", features])],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n"]) for name in ("margin", "probability")],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tenure")
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _ensemble(trees: FlatTrees) -> NodeProto:
    """Inner nodes and leaves are numbered apart; a tree that is one leaf becomes a node with that leaf twice."""
    from onnx import helper, numpy_helper

    is_leaf = trees.feature == LEAF
    lone = trees.roots[is_leaf[trees.roots]]
    inner = np.concatenate([np.flatnonzero(~is_leaf), lone])
    node_id = np.full(len(trees.feature), LEAF, dtype=np.int64)
    node_id[inner] = np.arange(len(inner))
    leaf_id = np.cumsum(is_leaf) - 1
    sides = {}
    for side, children in (("true", trees.left), ("false", trees.right)):
        child = np.where(is_leaf[inner], inner, children[inner])
        sides[f"nodes_{side}leafs"] = is_leaf[child].astype(np.int64).tolist()
        sides[f"nodes_{side}nodeids"] = np.where(is_leaf[child], leaf_id[child], node_id[child]).tolist()
    leaves = np.flatnonzero(is_leaf)
    return helper.make_node(
        "TreeEnsemble",
        ["wide"],
        ["terms"],
        domain="ai.onnx.ml",
        aggregate_function=_SUM,
        post_transform=_NO_TRANSFORM,
        n_targets=1,
        tree_roots=node_id[trees.roots].tolist(),
        nodes_featureids=np.maximum(trees.feature[inner], 0).astype(np.int64).tolist(),
        nodes_splits=numpy_helper.from_array(
            np.where(is_leaf[inner], 0.0, trees.threshold[inner]).astype(np.float64), "nodes_splits"
        ),
        nodes_modes=numpy_helper.from_array(np.full(len(inner), _BRANCH_LEQ, dtype=np.uint8), "nodes_modes"),
        leaf_targetids=[0] * len(leaves),
        leaf_weights=numpy_helper.from_array(trees.value[leaves], "leaf_weights"),
        **sides,
    )
