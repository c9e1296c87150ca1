"""The kinds of labels over a horizon: a module each, found by the name that contracts write.

A module has one function, ``labels``, of the type ``Kind``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.outcome import Outcome, Span
from tenure.features.label_rows import LabelRows


class Kind(Protocol):
    """Labels customers."""

    def __call__(self, label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:
        """
        Args:
            label: the contract's.
            rows: the rows of its table.

        Returns:
            A function that labels all customers at one cut.
        """


def kind_of(name: str) -> Kind:
    """The kind of label of this name."""
    return cast(Kind, import_module(f"{__name__}.{name}").labels)


__all__ = ["Kind", "Outcome", "Span", "kind_of"]
