"""Keys in which two contracts differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenure.contract import Contract

Json = dict[str, Any]

SIDES = ("first", "second")

SOURCES = ("source", "tables")
"""Where addresses stand, which differ from machine to machine and are no part of a contract's hash."""


def contract_changes(first: Contract, second: Contract) -> list[Json]:
    """Keys by their path, such as ``columns.tenure.type``, with both values as YAML would have them.

    ``defaults`` names the side, or sides, on which a key is not given; the value is its default there, or None where
    there is no such default.
    """
    given, whole = (
        [dict(_flat(contract.model_dump(mode="json", exclude_defaults=bare))) for contract in (first, second)]
        for bare in (True, False)
    )
    keys = [key for key in dict.fromkeys((*given[0], *given[1])) if not _is_address(key)]
    return [
        {
            "key": key,
            **{side: of_side.get(key, full.get(key)) for side, of_side, full in zip(SIDES, given, whole, strict=True)},
            "defaults": [side for side, of_side in zip(SIDES, given, strict=True) if key not in of_side],
        }
        for key in keys
        if given[0].get(key) != given[1].get(key)
    ]


def _is_address(key: str) -> bool:
    return key.split(".", maxsplit=1)[0] in SOURCES and key.endswith("uri")


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
