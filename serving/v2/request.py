"""A V2 request, over HTTP or gRPC."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving.v2.errors import RequestError, TooLargeError, quote
from serving.v2.tensors import Tensor

if TYPE_CHECKING:
    from serving.tables.rows import TableRows

MAX_INPUTS = 2**16
"""Of a request."""
MAX_REASONS = 100

_OPTIONS = ("explain", "threshold", "as_of")
_OF_THE_PROTOCOL = frozenset(
    {"binary_data_output", "headers", "priority", "sequence_end", "sequence_id", "sequence_start", "timeout"}
)
"""Parameters that V2 clients add; they are ignored."""


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of a request."""

    explain: int = 0
    """Number of reasons a row."""
    threshold: float | None = None
    as_of: str | None = None
    """The instant of the prediction as it was sent; the current one without it."""
    additions: bool = False
    """Whether an output of the bundle's additions is asked for by name; set when the model is known."""


PLAIN = Options()
"""Of a request without parameters; the path of one row has this very object."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose names of inputs and outputs are not checked yet."""

    tensors: Sequence[Tensor]
    options: Options = field(default_factory=Options)
    outputs: Sequence[str] | None = None
    """Names of the outputs in the answer, in order; None for all."""
    id: str | None = None
    tables: Mapping[str, TableRows] = field(default_factory=dict)
    """Rows of tables that are divided from the columns already, as in V1."""
    rows: int | None = None
    """The number of customers, for a request that may have no tensors beside those rows."""


def read_options(parameters: Mapping[str, object]) -> Options:
    """Read a request's parameters.

    Raises:
        RequestError: a parameter is unknown or out of range.
    """
    for name in parameters:
        if name not in _OPTIONS and name not in _OF_THE_PROTOCOL:
            near = difflib.get_close_matches(str(name)[:100], _OPTIONS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "the parameters are 'explain', 'threshold' and 'as_of'"
            raise RequestError(f"unknown parameter {quote(name)}; {hint}")
    return Options(
        _reasons(parameters.get("explain")), _threshold(parameters.get("threshold")), _as_of(parameters.get("as_of"))
    )


def check_inputs(number: int) -> None:
    """Check the number of a request's inputs.

    Raises:
        TooLargeError: there are more than ``MAX_INPUTS``.
    """
    if number > MAX_INPUTS:
        raise TooLargeError(f"the request has {number} inputs, at most {MAX_INPUTS} are read")


def check_distinct(outputs: Iterable[str]) -> None:
    """Check the names of the outputs in a request.

    Raises:
        RequestError: a name is given twice.
    """
    seen: set[str] = set()
    for name in outputs:
        if name in seen:
            raise RequestError(f"output {quote(name)} is given twice")
        seen.add(name)


def _reasons(value: object) -> int:
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= MAX_REASONS:
        raise RequestError(f"parameter 'explain' is {quote(value)}, not a number of reasons from 0 to {MAX_REASONS}")
    return value


def _threshold(value: object) -> float | None:
    """A finite number, or a text of one: gRPC has no floating-point parameters. The bundle checks its range."""
    if value is None:
        return None
    number = math.nan
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
    if not math.isfinite(number):
        raise RequestError(f"parameter 'threshold' is {quote(value)}, not a number")
    return number


def _as_of(value: object) -> str | None:
    """The text of an instant; the model, which knows the time zone, reads it."""
    if value is None or isinstance(value, str):
        return value
    raise RequestError(f"parameter 'as_of' is {quote(value)}, not a text such as 2026-11-30T06:00")
