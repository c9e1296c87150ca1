"""The published JSON Schemas: hand-made examples are taken, a missing or unknown field is not.

Documents that the code makes are held against them where tests make some: of evaluate, monitor, the server, predict.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from documents import faults

import tenure.schemas
from tenure.schemas import schema

EXAMPLES = Path(__file__).with_name("examples")
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))
"""Name of the schema, version, and what the example is of: evaluation-1.classification."""


def read(example: str) -> tuple[str, Any]:
    name, _, _ = example.rpartition("-1.")
    return name, json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))


def documents_of(example: str) -> tuple[str, Any, dict[str, Any]]:
    """The schema's name, a copy of the document, and the object in it that fields are taken from."""
    name, document = read(example)
    document = copy.deepcopy(document)
    return name, document, document[0] if isinstance(document, list) else document


def files() -> list[Path]:
    return sorted(Path(tenure.schemas.__file__).parent.glob("*.json"))


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_a_schema_is_one_of_the_draft_and_says_its_version(file: Path) -> None:
    name, _, version = file.stem.rpartition("-")
    found = schema(name, int(version))
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"] == f"urn:tenure:schema:{file.stem}"
    assert found["title"] and found["description"]
    assert [example for example in NAMES if example.startswith(f"{file.stem}.")], "no example"


def test_a_schema_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"no schema 'evaluation' of version 7: there are evaluation-1, monitoring-1"):
        schema("evaluation", 7)


@pytest.mark.parametrize("example", NAMES)
def test_an_example_is_valid(example: str) -> None:
    name, document = read(example)
    assert faults(name, document) == []


@pytest.mark.parametrize("example", NAMES)
def test_an_unknown_field_is_refused(example: str) -> None:
    name, document, fields = documents_of(example)
    fields["unheard_of"] = 1
    assert any("unheard_of" in fault for fault in faults(name, document))


@pytest.mark.parametrize("example", NAMES)
def test_a_missing_field_is_refused(example: str) -> None:
    name, _, fields = documents_of(example)
    optional = {"parameters"} | ({"decision", "customer", "output"} if name == "prediction-log-row" else set())
    for field in fields:
        _, document, rest = documents_of(example)
        del rest[field]
        assert bool(faults(name, document)) is (field not in optional), field


@pytest.mark.parametrize("example", [name for name in NAMES if name.startswith(("evaluation", "monitoring"))])
def test_another_format_is_refused(example: str) -> None:
    name, document, fields = documents_of(example)
    fields["format"] = 2
    assert faults(name, document) == ["$.format: 1 was expected"]


def test_the_fields_of_one_task_are_not_those_of_the_other() -> None:
    name, document, fields = documents_of("evaluation-1.classification")
    fields["task"] = "regression"
    assert faults(name, document)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "probabilities"},
        {"datatype": "FP32"},
        {"shape": [1, 1]},
        {"data": ["0.7"]},
        {"parameters": {"binary_data_size": 8}},
    ],
)
def test_a_tensor_that_the_server_would_not_write(change: dict[str, Any]) -> None:
    name, document, fields = documents_of("prediction-answer-1.classification")
    fields["outputs"][0] |= change
    assert faults(name, document)
