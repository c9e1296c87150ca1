"""Cron expressions of Kubeflow Pipelines: six fields, beginning with seconds."""

from __future__ import annotations

import re
from typing import NamedTuple

from tenure.errors import InputError

EXAMPLE = "0 0 3 * * *"

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day of week", 0, 6, DAYS),
)
TERM = re.compile(r"(?P<low>\*|\?|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\w+))?")


def check_cron(expression: str) -> str:
    """The expression with single spaces, valid for the scheduler of Kubeflow Pipelines (robfig/cron).

    Raises:
        InputError: a field is invalid; the message names it and the reason.
    """
    parts = expression.split()
    if len(parts) == len(FIELDS) - 1:
        raise InputError(
            f"cron '{expression}' has 5 fields; Kubeflow's begins with seconds: '0 {' '.join(parts)}' is the same time"
        )
    if len(parts) != len(FIELDS):
        fields = ", ".join(field.name for field in FIELDS)
        raise InputError(f"cron '{expression}' has {len(parts)} fields, not 6 ({fields}), as in '{EXAMPLE}'")
    for part, field in zip(parts, FIELDS, strict=True):
        for term in part.split(","):
            _check_term(term, field, expression)
    return " ".join(parts)


def _check_term(term: str, field: _Field, expression: str) -> None:
    match = TERM.fullmatch(term)
    if match is None:
        raise InputError(f"cron '{expression}': '{term}' is not a valid {field.name}")
    low, high, step = match["low"], match["high"], match["step"]
    if low in ("*", "?"):
        if high is not None:
            raise InputError(f"cron '{expression}': '{term}' is not a valid {field.name}")
    else:
        first = _number(low, field, expression)
        if high is not None and _number(high, field, expression) < first:
            raise InputError(f"cron '{expression}': the {field.name} '{term}' ends before it begins")
    if step is not None and (not step.isdecimal() or int(step) == 0):
        raise InputError(f"cron '{expression}': '{step}' in '{term}' is not a valid step of {field.name}s")


def _number(text: str, field: _Field, expression: str) -> int:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + field.low
    if not text.isdecimal():
        raise InputError(f"cron '{expression}': '{text}' is not a valid {field.name}")
    if not field.low <= int(text) <= field.high:
        raise InputError(f"cron '{expression}': the {field.name} is {text}, not {field.low} to {field.high}")
    return int(text)
