"""Settings of an event log: cuts, horizon and windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tenure.contract.assembly import EVENTS_TABLE
from tenure.drafting.columns import Guess
from tenure.drafting.survey import ColumnSurvey

HORIZON_DAYS = 90
MAX_CUTS = 3
COUNTS = "events_{n}d"
"""Name of the family of windows that count events."""


@dataclass(frozen=True)
class EventLog:
    """A log in days."""

    horizon: int
    """A customer without an event for so long after a cut has left."""
    cuts: int
    """How many fit into the log, a horizon apart, with a horizon of events before the first."""
    active: int
    """A customer stands at a cut if an event lies so long before it."""
    has_times: bool
    """Whether events have times of the day, so that a zone matters."""

    @property
    def label(self) -> dict[str, tuple[Any, str]]:
        """The section ``label``, with comments."""
        return {
            "kind": ("no_event", ""),
            "table": (EVENTS_TABLE, ""),
            "horizon": (f"{self.horizon} days", "a customer without an event for so long after the cut has left"),
        }

    @property
    def cut_settings(self) -> dict[str, tuple[Any, str]]:
        """The section ``cuts``, with comments."""
        return {
            "every": (f"{self.horizon} days", ""),
            "count": (self.cuts, "counted back from the end of the data: next month's run trains on later cuts"),
        }

    @property
    def eligible(self) -> tuple[str, str]:
        """Who stands at a cut, with a comment."""
        return f"{COUNTS.format(n=self.active)} > 0", "who has been silent for longer has left already"

    @property
    def zone(self) -> tuple[str, str]:
        """The zone, with a comment."""
        return "UTC", "CHECK: where do days begin, and in which zone are the times?" if self.has_times else ""

    def windows(self, columns: Iterable[tuple[str, Guess]]) -> dict[str, dict[str, Any]]:
        """Aggregates of the events, and of their numbers."""
        days = sorted({max(1, self.horizon // 3), self.horizon, self.active})
        windows: dict[str, dict[str, Any]] = {
            "days_since_last": {
                "aggregate": "recency",
                "unit": "days",
                "reason": "inactive customers leave more often",
            },
            "days_since_first": {"aggregate": "age", "unit": "days", "reason": "customers of long standing stay"},
            "events_ever": {"aggregate": "count", "reason": "frequent customers stay"},
            COUNTS: {"aggregate": "count", "for_each": days, "reason": "recent activity"},
        }
        taken = {name for name, _ in columns}
        for name, guess in columns:
            if guess.type in ("integer", "number") and guess.role == "feature":
                for aggregate in ("sum", "mean"):
                    reason = f"how much {name}"
                    windows[f"{name}_{aggregate}"] = {"aggregate": aggregate, "column": name, "reason": reason}
        return {name: window for name, window in windows.items() if name not in taken}


def event_log(time: ColumnSurvey) -> EventLog:
    """The settings of a log by its time: a quarter of it is the horizon, at most ``HORIZON_DAYS``."""
    if time.first is None or time.last is None:
        raise ValueError("an event log needs dates")
    has_times = time.kind == "timestamp"
    # The last day of a log with times may be unfinished.
    days = (time.last.date() - time.first.date()).days + (0 if has_times else 1)
    horizon = max(1, min(HORIZON_DAYS, (time.last - time.first).days // 4))
    cuts = max(1, min(MAX_CUTS, days // horizon - 1))
    before = days - cuts * horizon
    return EventLog(horizon, cuts, max(1, min(2 * horizon, before)), has_times)
