"""The aggregates of windows and of labels by name. A new aggregate is one entry in the file of its group."""

from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.events import Codes, Events, Spans
from tenure.contract.aggregates.of_columns import OF_COLUMNS
from tenure.contract.aggregates.of_days import OF_DAYS

AGGREGATES: dict[str, Aggregate] = {aggregate.name: aggregate for aggregate in (*OF_COLUMNS, *OF_DAYS)}


def label_aggregates() -> list[str]:
    """Names of the aggregates that a regression may predict."""
    return [aggregate.name for aggregate in AGGREGATES.values() if aggregate.is_label]


def _check_name(name: str) -> str:
    if name not in AGGREGATES:
        near = get_close_matches(name, AGGREGATES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(AGGREGATES)}"
        raise ValueError(f"no aggregate is called '{name}': {hint}")
    return name


def _check_label(name: str) -> str:
    if name not in label_aggregates():
        raise ValueError(f"a label cannot be the aggregate '{name}', use {' or '.join(map(repr, label_aggregates()))}")
    return name


AggregateName = Annotated[str, AfterValidator(_check_name)]
LabelAggregateName = Annotated[str, AfterValidator(_check_label)]

__all__ = [
    "AGGREGATES",
    "Aggregate",
    "AggregateName",
    "Codes",
    "Events",
    "LabelAggregateName",
    "Spans",
    "Takes",
    "label_aggregates",
]
