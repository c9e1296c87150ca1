"""A typed part of an expression, with its two implementations: over arrays, and over one row.

An array function costs ten times the work that it does when there is a single row, so the model server evaluates one
row in plain Python. Both implementations of an operator or function stand side by side, and a property test holds them
to the same result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.contract.date_literals import days_of
from tenure.contract.values import ExpressionType, Text, Value

Columns = Mapping[str, Value]
OverArrays = Callable[[Columns], Any]
"""From the columns to the part's value; a length of 1 stands for any number of rows."""

Row = Mapping[str, Any]
"""One row: a number, a boolean (0 and 1) or a date (days) is a float with NaN for null, a text a ``str`` or None."""
OverRow = Callable[[Row], Any]
"""From one row to the part's value, in the representation of ``Row``."""

NAN = math.nan

ARTICLE = {"number": "a number", "text": "a text", "boolean": "a boolean", "date": "a date"}


@dataclass(frozen=True)
class Node:
    """A part of an expression."""

    type: ExpressionType
    arrays: OverArrays
    one_row: OverRow
    text: str
    """The part as it is written, for messages."""
    literal: float | str | bool | None = None
    """The value, where the part is a literal."""
    size: int = 1
    """Of a text: how many texts of columns and literals a value, or the vocabulary of all values, may be made of."""


def constant(value: float | str | bool, text: str) -> Node:
    """A literal."""
    if isinstance(value, str):
        word = Text(np.zeros(1, dtype=np.int32), (value,))
        return Node("text", lambda _: word, lambda _: value, text, value)
    number = float(value)
    array = np.array([number])
    return Node("boolean" if isinstance(value, bool) else "number", lambda _: array, lambda _: number, text, value)


def date_literal(node: Node) -> Node:
    """``node`` as a date where it is a literal text; any other node as it is.

    Raises:
        ValueError: the text is not a date; the message quotes it.
    """
    if not isinstance(node.literal, str):
        return node
    try:
        number = days_of(node.literal)
    except ValueError:
        raise ValueError(f'{node.text} is not a date: write it as "2026-11-30", or "2026-11-30 13:45"') from None
    array = np.array([number])
    return Node("date", lambda _: array, lambda _: number, node.text, number)


def date_literals(nodes: list[Node]) -> list[Node]:
    """``nodes`` that must have one type: if one is a date, with the literal texts among them as dates.

    Raises:
        ValueError: a text is not a date; the message quotes it.
    """
    return [date_literal(node) for node in nodes] if any(node.type == "date" for node in nodes) else nodes


def need(node: Node, wanted: ExpressionType, where: str) -> None:
    """Raises ValueError unless ``node`` has the type that ``where`` works on."""
    if node.type == wanted:
        return
    hint = ""
    if wanted == "number" and node.type == "boolean":
        hint = f"; where({node.text}, 1, 0) makes a number of it"
    elif wanted == "boolean" and node.type == "number":
        hint = "; compare it with something"
    elif wanted == "number" and node.type == "date":
        hint = "; days_between(a, b) counts days"
    raise ValueError(f"{where} needs {ARTICLE[wanted]}, '{node.text}' is {ARTICLE[node.type]}{hint}")


def need_same(nodes: list[Node], where: str) -> ExpressionType:
    """The one type of all ``nodes``; raises ValueError if there are several."""
    for node in nodes[1:]:
        if node.type != nodes[0].type:
            raise ValueError(
                f"{where} needs values of one type, '{nodes[0].text}' is {ARTICLE[nodes[0].type]} "
                f"and '{node.text}' is {ARTICLE[node.type]}"
            )
    return nodes[0].type
