"""Documents held against the JSON Schemas that ``tenure.schemas`` publishes."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema

from tenure.schemas import schema


@functools.cache
def _validator(name: str, version: int) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(name, version))


def faults(name: str, document: Any, version: int = 1) -> list[str]:
    """What is wrong with a document: where, and what; the innermost fault of each alternative."""
    found = []
    for error in _validator(name, version).iter_errors(document):
        todo = [error]
        while todo:
            one = todo.pop()
            todo += one.context or []
            if not one.context:
                found.append(f"{one.json_path}: {one.message[:200]}")
    return found


def assert_valid(name: str, document: Any) -> None:
    assert faults(name, document) == []
