"""The ONNX graph of a model.

All sums are in float64: the inputs stay float32, so that a comparison splits as in training, and adding up hundreds
of leaves in float32 would cost the seventh digit that we promise.
"""

from __future__ import annotations

from tenure.bundle.graph import check_graph
from tenure.explanation.model import Terms
from tenure.training.export.margins import Graph, margin

OPSET = 20
ML_OPSET = 5
IR_VERSION = 10
"""What ONNX Runtime 1.21 reads; a newer ``onnx`` package would write a newer one by itself."""


def build(terms: Terms, features: int) -> bytes:
    """Serialize a model: ``features`` float32 (n, f) → ``margin`` float64 (n,), ``probability`` float64 (n,).

    A regression has no ``probability``: its margin is what it predicts.

    Args:
        features: columns of the matrix, f; trees need not use all of them.

    Raises:
        BundleError: ``tenure.bundle.graph`` does not allow an operator, attribute or size of the graph.
    """
    from onnx import TensorProto, checker, helper

    graph = Graph()
    wide = graph.add("Cast", "features", to=TensorProto.DOUBLE)
    graph.add("Identity", margin(graph, terms, wide), output="margin")
    outputs = ["margin"] if terms.link == "value" else ["margin", "probability"]
    if terms.link == "logit":
        graph.add("Sigmoid", "margin", output="probability")
    elif terms.link == "identity":
        # A mean of shares can leave the unit interval by the last bit.
        graph.add("Clip", "margin", graph.constant(0.0), graph.constant(1.0), output="probability")
    document = helper.make_graph(
        graph.nodes,
        "tenure",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", features])],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n"]) for name in outputs],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(document, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tenure")
    checker.check_model(model)
    content = bytes(model.SerializeToString(deterministic=True))
    # What every server would refuse fails here, where it is made.
    check_graph(content)
    return content
