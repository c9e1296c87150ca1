"""``and``, ``or``, ``not``: three-valued logic, as in SQL."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import reduce

import numpy as np

from tenure.contract.nodes import NAN, Node, OverArrays, OverRow, Row, need
from tenure.contract.values import Floats


def logical_not(node: Node, text: str) -> Node:
    """``not node``; raises ValueError unless it is a boolean."""
    need(node, "boolean", "'not'")
    arrays, one_row = node.arrays, node.one_row
    return Node("boolean", lambda columns: 1.0 - arrays(columns), lambda row: 1.0 - one_row(row), text)


def logical(operator: type[ast.boolop], nodes: list[Node], text: str) -> Node:
    """``False and null`` is False, ``True or null`` is True, other nulls stay null.

    Raises:
        ValueError: a node is not a boolean.
    """
    conjunction = operator is ast.And
    for node in nodes:
        need(node, "boolean", "'and'" if conjunction else "'or'")
    arrays = _arrays(conjunction, [node.arrays for node in nodes])
    one_row = _one_row(0.0 if conjunction else 1.0, [node.one_row for node in nodes])
    return Node("boolean", arrays, one_row, text)


def _arrays(conjunction: bool, runs: Sequence[OverArrays]) -> OverArrays:
    # fmin and fmax pass over nulls: they find the value that decides whatever the others are.
    known, extreme, decisive = (np.fmin, np.minimum, 0.0) if conjunction else (np.fmax, np.maximum, 1.0)

    def two(a: Floats, b: Floats) -> Floats:
        found: Floats = np.where(known(a, b) == decisive, decisive, extreme(a, b))
        return found

    return lambda columns: reduce(two, [run(columns) for run in runs])


def _one_row(decisive: float, runs: Sequence[OverRow]) -> OverRow:
    """One part that is ``decisive`` decides, whatever the others are; else a null makes null."""
    other = 1.0 - decisive

    def run(row: Row) -> float:
        unknown = False
        for part in runs:
            value = part(row)
            if value == decisive:
                return decisive
            unknown = unknown or value != value
        return NAN if unknown else other

    return run
