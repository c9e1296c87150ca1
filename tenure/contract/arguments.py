"""What a function of expressions is given: how many values, and of which type."""

from __future__ import annotations

from tenure.contract.nodes import Node, need
from tenure.contract.values import ExpressionType


def exactly(name: str, arguments: list[Node], number: int, example: str) -> None:
    if len(arguments) != number:
        raise ValueError(f"{name} takes {number} value{'s' * (number > 1)}, not {len(arguments)}: {example}")


def at_least(name: str, arguments: list[Node], number: int, example: str) -> None:
    if len(arguments) < number:
        raise ValueError(f"{name} takes {number} values or more, not {len(arguments)}: {example}")


def each(name: str, arguments: list[Node], kind: ExpressionType) -> None:
    for node in arguments:
        need(node, kind, name)
