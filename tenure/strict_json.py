"""JSON from files that somebody may have made to mislead: what two readers could read differently is refused."""

from __future__ import annotations

import json
from typing import Any


def parse(raw: bytes) -> Any:
    """The value in ``raw``, UTF-8. The caller limits its length.

    Raises:
        ValueError: not JSON, nested too deep, or with a repeated key or a number that JSON does not have.
    """
    try:
        return json.loads(raw.decode(), object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse repeated keys: JSON readers differ in which of two entries they keep, so a file could be hidden."""
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {ascii(twice)[:100]} is repeated")
    return document


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
