"""Bands of a contract that do not say whether a customer is contacted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def divided(evaluation: Mapping[str, Any]) -> list[str]:
    """A sentence that names the bands of which some customers are contacted and others are not; none without such a
    band."""
    bands = evaluation["chosen"]["divided_bands"]
    if not bands:
        return []
    named = " and ".join(f"'{band}'" for band in bands)
    which = "The band" if len(bands) == 1 else "The bands"
    has = "has" if len(bands) == 1 else "have"
    return [
        f"{which} {named} {has} customers on both sides of a threshold, some to contact and others not: bands that the"
        f" contract leaves out ('decision.bands') follow from the threshold."
    ]
