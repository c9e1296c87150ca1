"""Bundles made from another one, whole and rightly hashed: of another version, with a model that fails, or with a
companion.

Tests of rollouts need a second version that behaves like the first, and one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tenure.bundle import Companion, read
from tenure.bundle.files import describe, read_files, write_files
from tenure.bundle.manifest import COMPANION, content_version
from tenure.decision import Calibration, HalfWidth
from tenure.explain import LinearTerms


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
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    loaded = onnx.load_model_from_string(model)
    graph = loaded.graph
    margin = next(output for output in graph.output if output.name == "margin")
    kind = margin.type.tensor_type.elem_type
    for node in graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name == "margin":
                    names[position] = "margin_before_trap"
    features = graph.input[0].name
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
            helper.make_node("Add", ["margin_before_trap", "trap_gathered"], ["margin"]),
        ]
    )
    return loaded.SerializeToString()
