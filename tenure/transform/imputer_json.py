"""Imputers as JSON values, and a strict reader of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from tenure.transform.imputation import (
    MAX_DONORS,
    MAX_NEIGHBOURS,
    MAX_ROUNDS,
    Chained,
    Equation,
    Imputer,
    Neighbours,
)


def imputer_to(imputer: Imputer) -> dict[str, Any]:
    """JSON values, which ``imputer_from`` reads back to an equal imputer."""
    common = {"targets": list(imputer.targets), "predictors": list(imputer.predictors)}
    if isinstance(imputer, Neighbours):
        return {
            "method": "knn",
            **common,
            "count": imputer.count,
            "scales": list(imputer.scales),
            "donors": [list(row) for row in imputer.donors],
            "values": [list(row) for row in imputer.values],
        }
    return {
        "method": "iterative",
        **common,
        "low": list(imputer.low),
        "high": list(imputer.high),
        "rounds": [
            [{"intercept": each.intercept, "weights": list(each.weights)} for each in equations]
            for equations in imputer.rounds
        ],
    }


def imputer_from(entry: dict[str, Any], numbers: Collection[str]) -> Imputer:
    """
    Args:
        entry: what ``imputer_to`` made.
        numbers: names of the numbers that are encoded.

    Raises:
        KeyError, TypeError, ValueError: ``entry`` is not an imputer of these numbers.
    """
    targets, predictors = _names(entry, "targets", numbers), _names(entry, "predictors", numbers)
    if entry["method"] == "knn":
        donors = _rows(entry["donors"], len(predictors))
        values = _rows(entry["values"], len(targets))
        count = entry["count"]
        if type(count) is not int or not 1 <= count <= MAX_NEIGHBOURS:
            raise ValueError(f"{count!r} is not a number of neighbours from 1 to {MAX_NEIGHBOURS}")
        if len(values) != len(donors):
            raise ValueError(f"{len(donors)} donors have {len(values)} rows of values")
        scales = _numbers(entry["scales"], len(predictors))
        if any(scale <= 0.0 for scale in scales):
            raise ValueError("a scale is not positive")
        return Neighbours(targets, predictors, scales, donors, values, count)
    if entry["method"] != "iterative":
        raise ValueError(f"{entry['method']!r} is not a method of imputation")
    low, high = _numbers(entry["low"], len(targets)), _numbers(entry["high"], len(targets))
    if any(first > last for first, last in zip(low, high, strict=True)):
        raise ValueError("the smallest value of a target is larger than its largest")
    rounds = _list(entry["rounds"], None, MAX_ROUNDS)
    return Chained(
        targets,
        predictors,
        low,
        high,
        tuple(
            tuple(
                Equation(_number(each["intercept"]), _numbers(each["weights"], len(predictors)))
                for each in _list(equations, len(targets))
            )
            for equations in rounds
        ),
    )


def _names(entry: dict[str, Any], key: str, numbers: Collection[str]) -> tuple[str, ...]:
    names = _list(entry[key], None, len(numbers))
    for name in names:
        if not isinstance(name, str) or name not in numbers:
            raise ValueError(f"'{key}' of an imputer has {name!r}, which is not a number of the model")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"'{key}' of an imputer is empty or has a name twice")
    return tuple(names)


def _rows(value: Any, width: int) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(None if each is None else _number(each) for each in _list(row, width))
        for row in _list(value, None, MAX_DONORS)
    )


def _numbers(value: Any, length: int) -> tuple[float, ...]:
    return tuple(_number(each) for each in _list(value, length))


def _list(value: Any, length: int | None, most: int | None = None) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a part of an imputer is not a list")
    if (length is not None and len(value) != length) or (most is not None and len(value) > most):
        raise ValueError(f"a part of an imputer has {len(value)} entries, {length if most is None else most} are read")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
