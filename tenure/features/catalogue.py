"""The catalogue: every feature of a contract, for people, with the columns that it is computed from."""

from __future__ import annotations

from typing import Any

from tenure.contract import Contract
from tenure.contract.assembly import Assembly, WindowFeature

Definition = dict[str, Any]


def catalogue(contract: Contract) -> list[Definition]:
    """The features by name, in the contract's order: inputs, then derived features. No data is read.

    Each has ``name``, ``type``, ``origin`` (``column``, ``window`` or ``derived``), ``lineage``, and where they are
    known ``table``, ``definition``, ``unit``, ``reason``, ``description``, ``range``, ``values`` and ``from``.
    ``lineage`` lists the columns of the source that the feature depends on; with several tables as ``table.column``.
    """
    lineage: dict[str, list[str]] = {}
    found = []
    for name in (*contract.inputs, *contract.derived):
        definition = _derived(contract, name, lineage) if name in contract.derived else _input(contract, name)
        lineage[name] = definition["lineage"]
        found.append({key: value for key, value in definition.items() if value is not None})
    return found


def _input(contract: Contract, name: str) -> Definition:
    assembly = contract.assembly
    if assembly is not None and name in assembly.windows:
        return _window(assembly, assembly.windows[name])
    column = contract.inputs[name]
    table = None if assembly is None else assembly.as_of_columns[name].table
    return {
        "name": name,
        "type": column.type,
        "unit": column.unit,
        "origin": "column",
        "table": table,
        "definition": None if assembly is None else _as_of(assembly, str(table)),
        "description": column.description,
        "range": column.range,
        "values": column.values,
        "lineage": [name if table is None else f"{table}.{name}"],
    }


def _as_of(assembly: Assembly, table: str) -> str:
    return "of the customer" if table == assembly.entity else f"the newest value of '{table}' before the instant"


def _window(assembly: Assembly, feature: WindowFeature) -> Definition:
    """A window. Its lineage includes the key and the times, which decide whose rows count and when."""
    table = assembly.tables[feature.table]
    condition = "" if feature.where is None else f" where {feature.where.text}"
    columns = [*table.columns_of("key", "time", "known_at"), *feature.columns]
    return {
        "name": feature.name,
        "type": feature.result.type,
        "unit": feature.result.unit,
        "origin": "window",
        "table": feature.table if len(assembly.tables) > 1 else None,
        "definition": f"{feature.window.phrase}{condition} over {feature.reach_phrase} before the cut",
        "reason": feature.window.reason,
        "lineage": [f"{feature.table}.{name}" for name in dict.fromkeys(columns)],
    }


def _derived(contract: Contract, name: str, lineage: dict[str, list[str]]) -> Definition:
    derived, expression = contract.derived[name], contract.expressions[name]
    columns = [column for used in expression.columns for column in lineage.get(used, [used])]
    return {
        "name": name,
        "type": expression.type,
        "unit": derived.unit,
        "origin": "derived",
        "definition": expression.text,
        "from": list(expression.columns),
        "reason": derived.reason,
        "lineage": list(dict.fromkeys(columns)),
    }
