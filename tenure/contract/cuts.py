"""Cuts: the instants at which a training panel looks at every customer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from tenure.contract.columns import Part
from tenure.contract.durations import DurationText

FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)
"""Bounds of cuts: days before and after them are dates, too."""

MAX_CUTS = 1_000


class Rolling(Part):
    """Cuts counted back from the end of the data, so that next month's run trains on next month's cuts."""

    every: DurationText
    """From one cut to the next."""
    count: Annotated[int, Field(gt=0, le=MAX_CUTS)]
    until: Literal["last"] | date = "last"
    """``last``: the last cut is the latest whose horizon the data cover. A date: the data are complete up to it."""


Instant = Annotated[date | datetime, Field(union_mode="left_to_right")]
"""A day, which begins in the contract's zone, or a time of the clock there; an offset in the text counts."""

Fixed = Annotated[tuple[Instant, ...], Field(min_length=1, max_length=MAX_CUTS)]
