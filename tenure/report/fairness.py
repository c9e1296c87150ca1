"""Differences between the slices of a column, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenure.number_text import percent

Json = Mapping[str, Any]

COMPARED = {"contacted_share": "contacted", "recall": "leavers reached"}
"""Metrics that are compared between slices, and their wording."""


def fairness(slices: Mapping[str, Sequence[Json]]) -> list[str]:
    """A sentence a column: between which parts contacts and recall differ most; parts too small are counted.

    Args:
        slices: the evaluation's, by column.
    """
    return [text for column, parts in slices.items() if (text := _sentence(column, parts))]


def _sentence(column: str, parts: Sequence[Json]) -> str:
    large = [part for part in parts if not part["too_small"]]
    small = len(parts) - len(large)
    if not large:
        return f"{column}: every part is too small to judge."
    ranges = [found for name, words in COMPARED.items() if (found := _range(words, name, large))]
    if not ranges:
        return ""
    tail = f"; {small} of {len(parts)} parts too small to judge" if small else ""
    return f"{column}: {'; '.join(ranges)}{tail}."


def _range(words: str, name: str, parts: Sequence[Json]) -> str:
    known = [(part["metrics"][name]["value"], part["value"]) for part in parts if name in part["metrics"]]
    ranked = sorted((value, str(which)) for value, which in known if value is not None)
    if not ranked:
        return ""
    (low, least), (high, most) = ranked[0], ranked[-1]
    if least == most:
        return f"{words} {percent(low, 0)} ({least})"
    return f"{words} {percent(low, 0)} ({least}) to {percent(high, 0)} ({most})"
