"""Bundles made from another one, whole and rightly hashed: of another version, with a model that fails or is slow, or
with a companion.

Tests of rollouts need a second version that behaves like the first, and one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tenure.bundle import Companion, read
from tenure.bundle.files import describe, read_files, write_files
from tenure.bundle.manifest import COMPANION, content_version
from tenure.decision import Calibration, HalfWidth
from tenure.explanation import LinearTerms

BALLAST_SIZE = 256


def variant(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> str:
    """Write ``source`` with changed contents to ``target`` and return its version."""
    manifest, found = read_files(source)
    contents = dict(found)
    change(contents)
    files = {name: describe(content) for name, content in contents.items()}
    version = content_version(files)
    write_files(target, manifest.model_copy(update={"files": files, "version": version}), contents)
    return version


def renamed(source: Path, target: Path, mark: str) -> str:
    """Another version that predicts the same: blanks after the profile's JSON, as many as ``mark`` is long."""

    def change(contents: dict[str, bytes]) -> None:
        contents["profile.json"] = contents["profile.json"].rstrip(b"\n ") + b" " * len(mark) + b"\n"

    return variant(source, target, change)


def failing(source: Path, target: Path, feature: int, above: float) -> str:
    """A version whose model fails, at run time, for every row whose ``feature`` is above a value."""

    def change(contents: dict[str, bytes]) -> None:
        contents["model.onnx"] = _with_trap(contents["model.onnx"], feature, above)

    return variant(source, target, change)


def slow(source: Path, target: Path, rounds: int) -> str:
    """A version that predicts the same, after so many products of two matrices of 256 x 256 for every call."""

    def change(contents: dict[str, bytes]) -> None:
        contents["model.onnx"] = _with_ballast(contents["model.onnx"], rounds)

    return variant(source, target, change)


def accompanied(source: Path, target: Path) -> Companion:
    """A version with a companion, which is returned: any weights, and a calibration or interval of its own."""
    found = read(source)
    of_value = found.contract.task == "regression"
    random = np.random.default_rng(5)
    width = len(found.transform.features)
    companion = Companion(
        LinearTerms(random.normal(size=width) / 100, -0.5, np.zeros(width), "value" if of_value else "logit"),
        None if of_value else Calibration("sigmoid", slope=0.9, intercept=-0.1),
        HalfWidth((0.0,), (7.5,)) if of_value else None,
        0.8,
    )
    variant(source, target, lambda contents: contents.update({COMPANION: companion.to_json().encode()}))
    return companion


def _with_trap(model: bytes, feature: int, above: float) -> bytes:
    """Add to ``margin`` a zero that is gathered from outside a list of one wherever the feature is above the value."""
    from onnx import TensorProto, helper, numpy_helper

    loaded, features, kind = _opened(model)
    graph = loaded.graph
    constants = {
        "trap_feature": ([feature], TensorProto.INT64),
        "trap_above": ([above], TensorProto.FLOAT),
        "trap_step": ([7], TensorProto.INT64),
        "trap_rows": ([-1], TensorProto.INT64),
        "trap_zero": ([0.0], kind),
    }
    for name, (values, type_) in constants.items():
        array = helper.tensor_dtype_to_np_dtype(type_).type
        graph.initializer.append(numpy_helper.from_array(np.array(values, dtype=array), name))
    graph.node.extend(
        [
            helper.make_node("Gather", [features, "trap_feature"], ["trap_column"], axis=1),
            helper.make_node("Reshape", ["trap_column", "trap_rows"], ["trap_values"]),
            helper.make_node("Greater", ["trap_values", "trap_above"], ["trap_hit"]),
            helper.make_node("Cast", ["trap_hit"], ["trap_flag"], to=TensorProto.INT64),
            helper.make_node("Mul", ["trap_flag", "trap_step"], ["trap_index"]),
            helper.make_node("Gather", ["trap_zero", "trap_index"], ["trap_gathered"]),
            helper.make_node("Add", ["margin_before", "trap_gathered"], ["margin"]),
        ]
    )
    return loaded.SerializeToString()


def _with_ballast(model: bytes, rounds: int) -> bytes:
    """Add to ``margin`` a zero that takes ``rounds`` products of matrices. Begun with the rows: none is folded."""
    from onnx import TensorProto, helper, numpy_helper

    loaded, features, kind = _opened(model)
    square = (BALLAST_SIZE, BALLAST_SIZE)
    constants = {
        "ballast_rounds": np.array(rounds, dtype=np.int64),
        "ballast_go": np.array(True),
        "ballast_shape": np.array(square, dtype=np.int64),
        "ballast_matrix": np.zeros(square, dtype=np.float32),
    }
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["ballast_in", "ballast_matrix"], ["ballast_out"]),
            helper.make_node("Identity", ["ballast_still_in"], ["ballast_still_out"]),
        ],
        "ballast",
        [
            helper.make_tensor_value_info("ballast_round", TensorProto.INT64, []),
            helper.make_tensor_value_info("ballast_still_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("ballast_in", TensorProto.FLOAT, square),
        ],
        [
            helper.make_tensor_value_info("ballast_still_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("ballast_out", TensorProto.FLOAT, square),
        ],
    )
    for name, values in constants.items():
        loaded.graph.initializer.append(numpy_helper.from_array(values, name))
    loaded.graph.node.extend(
        [
            helper.make_node("ReduceMax", [features], ["ballast_scalar"], keepdims=0),
            helper.make_node("Expand", ["ballast_scalar", "ballast_shape"], ["ballast_first"]),
            helper.make_node("Loop", ["ballast_rounds", "ballast_go", "ballast_first"], ["ballast_last"], body=body),
            helper.make_node("ReduceMax", ["ballast_last"], ["ballast_zero"], keepdims=0),
            helper.make_node("Cast", ["ballast_zero"], ["ballast_typed"], to=kind),
            helper.make_node("Add", ["margin_before", "ballast_typed"], ["margin"]),
        ]
    )
    return loaded.SerializeToString()


def _opened(model: bytes) -> tuple[Any, str, int]:
    """The model, whose ``margin`` is called ``margin_before`` now; its input's name; margin's element type."""
    import onnx

    loaded = onnx.load_model_from_string(model)
    graph = loaded.graph
    margin = next(output for output in graph.output if output.name == "margin")
    for node in graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name == "margin":
                    names[position] = "margin_before"
    return loaded, graph.input[0].name, margin.type.tensor_type.elem_type
