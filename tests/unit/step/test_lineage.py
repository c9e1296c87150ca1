"""components/lineage.py, and that every component uses it for every artifact that it makes."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from kfp import dsl
from kfp.dsl.types.type_annotations import is_artifact_wrapped_in_Output

from components.image import REVISION_VARIABLE
from components.lineage import trace
from tenure.contract import contract_hash, parse

COMPONENTS = Path(__file__).resolve().parents[3] / "components"
CONTRACT = """
name: crm
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  months: {type: integer}
  left: {type: category, role: label, values: ["no", "yes"]}
"""
DRAWN = (dsl.Metrics, dsl.ClassificationMetrics)
"""Their metadata is what Kubeflow draws of them."""


@dataclass
class Made:
    metadata: dict[str, Any] = field(default_factory=dict)


def test_an_output_says_its_data_its_contract_its_code_and_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REVISION_VARIABLE, "4f2c1a9")
    raw, features, trials = Made(), Made({"train": 700}), Made()
    trace([raw], contract=CONTRACT, data_hash="d1")
    trace([features], contract=CONTRACT, inputs=[raw])
    trace([trials], contract=CONTRACT, inputs=[features], bundle_version="b1", version=None, family="")
    made_of = {"data_hash": "d1", "contract_hash": contract_hash(parse(CONTRACT)), "code_version": "4f2c1a9"}
    assert raw.metadata == made_of
    assert features.metadata == {"train": 700, **made_of}
    assert trials.metadata == {**made_of, "bundle_version": "b1"}


def test_what_is_known_better_goes_before_and_nothing_unknown_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REVISION_VARIABLE, raising=False)
    made = Made({"data_hash": "own"})
    trace([made], contract=CONTRACT, inputs=[Made({"data_hash": "given"}), Made()], contract_hash="of the champion")
    assert made.metadata == {"data_hash": "own", "contract_hash": "of the champion"}


def components() -> list[Any]:
    found = []
    for path in sorted(COMPONENTS.glob("*/component.py")):
        module = import_module(f"components.{path.parent.name}.component")
        found += [each for each in vars(module).values() if hasattr(each, "python_func")]
    return found


@pytest.mark.parametrize("component", components(), ids=lambda component: component.name)
def test_every_artifact_of_every_component_is_traced(component: Any) -> None:
    function = component.python_func
    made = {
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if is_artifact_wrapped_in_Output(parameter.annotation) and get_args(parameter.annotation)[0] not in DRAWN
    }
    traced = re.findall(r"trace\(\[([^\]]*)\]", inspect.getsource(function))
    assert {name for names in traced for name in names.split(", ")} == made
