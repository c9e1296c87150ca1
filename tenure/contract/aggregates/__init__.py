"""The aggregates of windows and of labels by name. A new aggregate is one module in ``of``, found by its file."""

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

from pydantic import AfterValidator

from tenure.contract.aggregates import of
from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, Log, Spans


def _found() -> dict[str, Aggregate]:
    modules = [import_module(f"{of.__name__}.{module.name}") for module in iter_modules(of.__path__)]
    return {module.AGGREGATE.name: module.AGGREGATE for module in modules}


AGGREGATES: dict[str, Aggregate] = _found()


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
    "Events",
    "LabelAggregateName",
    "Log",
    "Spans",
    "Takes",
    "label_aggregates",
]
