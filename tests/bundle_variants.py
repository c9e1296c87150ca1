"""Bundles made from another one, whole and rightly hashed: of another version, with a model that fails or is slow, or
with a companion, clusters or probabilities within times.

Tests of rollouts need a second version that behaves like the first, and one that does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tenure.bundle import Companion, read, write
from tenure.bundle.additions.kinds.clusters import Clusters
from tenure.bundle.additions.kinds.horizons import Horizons
from tenure.bundle.files import describe, read_files, write_files
from tenure.bundle.manifest import COMPANION, content_version
from tenure.contract import dump, parse
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


def timed(source: Path, target: Path) -> Horizons:
    """A version of a bundle whose label is over 30 days, with the probabilities within 7, 14 and 30 days by any
    hazards, which are returned."""
    from tenure.training.export import ExportedModel

    found = read(source)
    label = found.contract.label.model_copy(update={"times": ("7 days", "14 days", "30 days")})
    contract = parse(dump(found.contract.model_copy(update={"label": label})))
    assert contract.assembly is not None
    random = np.random.default_rng(7)
    width = len(found.transform.features)
    horizons = Horizons(
        contract.assembly.label,
        random.normal(size=3).round(6),
        random.normal(size=3).round(6),
        random.normal(size=width).round(6),
        np.full(width, 2.0),
        random.normal(size=(3, width)).round(6),
    )
    write(
        target,
        contract=contract,
        transform=found.transform,
        model=ExportedModel((source / "model.onnx").read_bytes(), found.terms),
        decision=found.decision,
        profile=found.profile,
        family=found.manifest.family,
        data_hash=found.manifest.data_hash,
        created_at=found.manifest.created_at,
        companion=found.companion,
        additions=(horizons,),
    )
    return horizons


def clustered(source: Path, target: Path, count: int = 3) -> Clusters:
    """A version with clusters of any centres, which are returned."""
    found = read(source)
    random = np.random.default_rng(7)
    width = len(found.transform.features)
    clusters = Clusters(
        random.normal(size=(count, width)).round(6),
        np.full(width, -2.0),
        np.full(width, 80.0),
        np.abs(random.normal(size=width)).round(6),
        tuple([1.0 / count] * count),
        tuple(f"cluster {number} of the test" for number in range(1, count + 1)),
        0.25,
    )
    text = json.dumps(clusters.to_document())
    variant(source, target, lambda contents: contents.update({"clusters.json": text.encode()}))
    return clusters


def _with_trap(model: bytes, feature: int, above: float) -> bytes:
    """Add to ``margin`` a zero that is gathered from outside a list of one wherever the feature is above the value.

    The distance above the value, times a large number and held at 7, is the index: 0 for all other rows.
    """
    from onnx import TensorProto, helper

    loaded, features = _opened(model)
    constants = {
        "trap_feature": np.array([feature], dtype=np.int64),
        "trap_above": np.array(above, dtype=np.float32),
        "trap_large": np.array(1e30, dtype=np.float32),
        "trap_outside": np.array(7.0, dtype=np.float32),
        "trap_rows": np.array([-1], dtype=np.int64),
        "trap_zero": np.array([0.0]),
    }
    loaded.graph.node.extend(
        [
            *_constants(constants),
            helper.make_node("Gather", [features, "trap_feature"], ["trap_column"], axis=1),
            helper.make_node("Reshape", ["trap_column", "trap_rows"], ["trap_values"]),
            helper.make_node("Sub", ["trap_values", "trap_above"], ["trap_difference"]),
            helper.make_node("Relu", ["trap_difference"], ["trap_distance"]),
            helper.make_node("Mul", ["trap_distance", "trap_large"], ["trap_enlarged"]),
            helper.make_node("Min", ["trap_enlarged", "trap_outside"], ["trap_held"]),
            helper.make_node("Cast", ["trap_held"], ["trap_index"], to=TensorProto.INT64),
            helper.make_node("Gather", ["trap_zero", "trap_index"], ["trap_gathered"], axis=0),
            helper.make_node("Add", ["margin_before", "trap_gathered"], ["margin"]),
        ]
    )
    return loaded.SerializeToString()


def _with_ballast(model: bytes, rounds: int) -> bytes:
    """Add to ``margin`` a zero that takes ``rounds`` products of matrices. Begun with the rows: none is folded."""
    from onnx import TensorProto, helper

    loaded, features = _opened(model)
    width = loaded.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    constants = {
        "ballast_first_row": np.array([0], dtype=np.int64),
        "ballast_spread": np.zeros((width, BALLAST_SIZE), dtype=np.float32),
        "ballast_matrix": np.zeros((BALLAST_SIZE, BALLAST_SIZE), dtype=np.float32),
        "ballast_flat": np.array([-1], dtype=np.int64),
    }
    products = [
        helper.make_node("MatMul", [f"ballast_{number}", "ballast_matrix"], [f"ballast_{number + 1}"])
        for number in range(rounds)
    ]
    loaded.graph.node.extend(
        [
            *_constants(constants),
            helper.make_node("Gather", [features, "ballast_first_row"], ["ballast_row"], axis=0),
            helper.make_node("MatMul", ["ballast_row", "ballast_spread"], ["ballast_wide"]),
            helper.make_node("Add", ["ballast_wide", "ballast_matrix"], ["ballast_0"]),
            *products,
            helper.make_node("Gather", [f"ballast_{rounds}", "ballast_first_row"], ["ballast_top"], axis=0),
            helper.make_node("Gather", ["ballast_top", "ballast_first_row"], ["ballast_corner"], axis=1),
            helper.make_node("Reshape", ["ballast_corner", "ballast_flat"], ["ballast_zero"]),
            helper.make_node("Cast", ["ballast_zero"], ["ballast_typed"], to=TensorProto.DOUBLE),
            helper.make_node("Add", ["margin_before", "ballast_typed"], ["margin"]),
        ]
    )
    return loaded.SerializeToString()


def _constants(values: dict[str, np.ndarray]) -> list[Any]:
    from onnx import helper, numpy_helper

    return [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value)) for name, value in values.items()
    ]


def _opened(model: bytes) -> tuple[Any, str]:
    """The model, whose ``margin`` is called ``margin_before`` now, and its input's name."""
    import onnx

    loaded = onnx.load_model_from_string(model)
    graph = loaded.graph
    for node in graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name == "margin":
                    names[position] = "margin_before"
    return loaded, graph.input[0].name
