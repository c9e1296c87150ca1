"""Cuts: the instants at which a training panel looks at every customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator

from tenure.contract.columns import Part
from tenure.contract.durations import Duration, DurationText, parse_duration

FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)
"""Bounds of cuts: days before and after them are dates, too."""

MAX_CUTS = 1_000


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Rolling(Part):
    """Cuts counted back from the end of the data, so that next month's run trains on next month's cuts."""

    every: DurationText
    """From one cut to the next."""
    count: Annotated[int, Field(gt=0, le=MAX_CUTS)]
    until: Literal["last"] | date = "last"
    """``last``: the last cut is the latest whose horizon the data cover. A date: the data are complete up to the
    beginning of that day."""

    @field_validator("until", mode="before")
    @classmethod
    def _form(cls, until: object) -> object:
        if isinstance(until, datetime) or (isinstance(until, str) and until != "last" and not _is_day(until)):
            raise ValueError(f"'{until}' is neither 'last' nor a day such as 2026-11-30")
        return until

    @field_validator("until")
    @classmethod
    def _within_bounds(cls, until: str | date) -> str | date:
        if isinstance(until, date) and not FIRST <= until < LAST:
            raise ValueError(f"a day lies between {FIRST} and {LAST}, not at {until}")
        return until

    @property
    def step(self) -> Duration:
        """``every``, parsed."""
        return parse_duration(self.every)


Instant = Annotated[date | datetime, Field(union_mode="left_to_right")]
"""A day, which begins in the contract's zone, or a time of the clock there; an offset in the text counts."""


def _check_order(cuts: tuple[date | datetime, ...]) -> tuple[date | datetime, ...]:
    if len({isinstance(cut, datetime) and cut.tzinfo is not None for cut in cuts}) > 1:
        raise ValueError("either all cuts have an offset, or none has one")
    times = [cut if isinstance(cut, datetime) else datetime.combine(cut, time()) for cut in cuts]
    if times != sorted(set(times)):
        raise ValueError("'cuts' must be ascending and without repeats")
    for cut in times:
        if not FIRST <= cut.date() < LAST:
            raise ValueError(f"a cut lies between {FIRST} and {LAST}, not at {cut}")
    return cuts


Fixed = Annotated[tuple[Instant, ...], Field(min_length=1, max_length=MAX_CUTS), AfterValidator(_check_order)]


def _form(value: Any) -> str | None:
    if isinstance(value, Mapping | Rolling):
        return "<rolling>"
    return "<fixed>" if isinstance(value, list | tuple) else None


Cuts = Annotated[
    Annotated[Rolling, Tag("<rolling>")] | Annotated[Fixed, Tag("<fixed>")],
    Discriminator(
        _form,
        custom_error_type="cuts",
        custom_error_message="a list of days, or how to count them: {every: 30 days, count: 6}",
    ),
]
"""As a contract writes them. Tags in angle brackets are no keys of the document: errors leave them out."""
