"""What a page is made from: a template, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "\N{EN DASH}"
"""Stands for a figure that is not defined."""


@dataclass(frozen=True)
class Page:
    """The part of a report that differs by task."""

    template: str
    """File name of the template in ``tenure.report``."""
    filters: Mapping[str, Callable[..., str]]
    """``metric`` and ``between`` write a metric and its interval by the metric's name."""
    variables: Mapping[str, Any]
    """``story``, ``charts`` and whatever the template asks for."""
