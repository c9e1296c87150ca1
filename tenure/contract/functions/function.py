"""One function of expressions: what it takes, what it means, and its implementation for each back end."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from tenure.contract.functions.signature import Signature
from tenure.contract.nodes import Node, OverArrays, OverRow


class Nulls(StrEnum):
    """When the result is null, as far as that follows from nulls among the arguments."""

    ANY = "null if any argument is null"
    ALL = "null if all arguments are null"
    CHOSEN = "null if the condition is null, or the value it chooses"
    NEVER = "never null"


def _no_further_condition(_arguments: list[Node], _text: str) -> None:
    pass


class Function(NamedTuple):
    """An entry of the table of functions.

    Args:
        name: as contracts write it.
        signature: number and types of the arguments, type of the result.
        nulls: when the result is null.
        summary: what it returns, in one line.
        example: a call over the columns of a telecom customer (``tenure``, ``charges``, ``plan``, ``region``,
            ``senior``, ``since``, ``until``).
        arrays: from the checked arguments to the implementation over arrays.
        one_row: from the checked arguments to the implementation over one row.
        check: raises ValueError if the arguments break a condition that the signature cannot express.
        reads: columns that the function reads besides its arguments.
    """

    name: str
    signature: Signature
    nulls: Nulls
    summary: str
    example: str
    arrays: Callable[[list[Node]], OverArrays]
    one_row: Callable[[list[Node]], OverRow]
    check: Callable[[list[Node], str], None] = _no_further_condition
    reads: tuple[str, ...] = ()

    def call(self, arguments: list[Node], text: str) -> Node:
        """The node of a call that is written as ``text``.

        Raises:
            ValueError: the arguments are wrong, in one line.
        """
        arguments = self.signature.with_dates(arguments)
        kind = self.signature.check(self.name, arguments, self.example)
        self.check(arguments, text)
        size = 1
        if kind == "text" and not self.signature.literals:
            size = sum(node.size for node in arguments if node.type == "text")
        return Node(kind, self.arrays(arguments), self.one_row(arguments), text, size=size)
