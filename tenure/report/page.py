"""The part of a report that depends on the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "\N{EN DASH}"
"""Stands for a figure that is not defined."""


@dataclass(frozen=True)
class Page:
    """Template, filters and variables of one evaluation's report."""

    package: str
    """Package with the template, such as ``tenure.tasks.churn.report``."""
    template: str
    """Its file name. It may include the templates in ``tenure.report``."""
    filters: Mapping[str, Callable[..., str]]
    """``metric`` and ``between`` write a metric and its interval by the metric's name."""
    variables: Mapping[str, Any]
    """``story``, ``charts`` and whatever else the template needs."""
