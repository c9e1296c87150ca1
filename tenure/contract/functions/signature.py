"""How many arguments a function of expressions takes, of which types, and what it returns."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tenure.contract.nodes import Node, date_literal, date_literals, need, need_same
from tenure.contract.values import ExpressionType

ParameterType = ExpressionType | Literal["any", "T"]
"""``T`` is any type, the same for all parameters marked so; ``any`` is any type."""


class Signature(NamedTuple):
    """The parameters of a function, by position.

    Args:
        required: types of the arguments that every call gives.
        returns: type of the result; ``T`` is the type of the arguments marked so.
        repeated: types of a group of arguments that may follow, any number of times.
        optional: types of the arguments that may come last.
        literals: whether all arguments but the first must be literals.
    """

    required: tuple[ParameterType, ...]
    returns: ExpressionType | Literal["T"]
    repeated: tuple[ParameterType, ...] = ()
    optional: tuple[ParameterType, ...] = ()
    literals: bool = False

    def types(self, count: int) -> tuple[ParameterType, ...] | None:
        """Types of the parameters of a call with ``count`` arguments; None if there is no such call."""
        extra = count - len(self.required)
        groups, rest = divmod(extra, len(self.repeated)) if self.repeated else (0, extra)
        if extra < 0 or rest > len(self.optional):
            return None
        return self.required + self.repeated * groups + self.optional[:rest]

    def with_dates(self, arguments: list[Node]) -> list[Node]:
        """``arguments`` with the literal texts that stand where a date is expected as dates.

        Raises:
            ValueError: such a text is not a date; the message quotes it.
        """
        types = self.types(len(arguments))
        if types is None:
            return arguments
        found = [
            date_literal(node) if wanted == "date" else node for node, wanted in zip(arguments, types, strict=True)
        ]
        places = [place for place, wanted in enumerate(types) if wanted == "T"]
        for place, node in zip(places, date_literals([found[place] for place in places]), strict=True):
            found[place] = node
        return found

    def check(self, name: str, arguments: list[Node], example: str) -> ExpressionType:
        """Type of the result of ``name(*arguments)``.

        Raises:
            ValueError: the number of arguments or the type of one is wrong, or one is not a literal where it must be.
        """
        types = self.types(len(arguments))
        if types is None:
            raise ValueError(f"{name} takes {self._arity()}, not {len(arguments)}: {example}")
        shared: list[Node] = []
        for position, (node, wanted) in enumerate(zip(arguments, types, strict=True), start=1):
            if self.literals and position > 1 and node.literal is None:
                raise ValueError(f"argument {position} of {name} must be a literal, '{node.text}' is not: {example}")
            if wanted == "T":
                shared.append(node)
            elif wanted != "any":
                need(node, wanted, name if len(arguments) == 1 else f"argument {position} of {name}")
        kind = need_same(shared, name) if shared else None
        if self.returns != "T":
            return self.returns
        assert kind is not None  # noqa: S101 a function that returns T has an argument of type T
        return kind

    def __str__(self) -> str:
        """As in ``(number, number[, number]…) → number``."""
        shown = ", ".join(self.required)
        shown += f"[, {', '.join(self.repeated)}]…" if self.repeated else ""
        shown += "".join(f"[, {kind}]" for kind in self.optional)
        return f"({shown}) → {self.returns}"

    def _arity(self) -> str:
        least = len(self.required)
        if self.repeated:
            return f"{least} argument{'s' * (least > 1)} or more"
        most = least + len(self.optional)
        return f"{least if most == least else f'{least} to {most}'} argument{'s' * (most != 1)}"
