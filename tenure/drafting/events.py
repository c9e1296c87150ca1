"""Settings of an event log: cuts, horizon and windows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tenure.drafting.columns import Guess
from tenure.drafting.survey import ColumnSurvey

HORIZON_DAYS = 90
MAX_CUTS = 3


def horizon_of(time: ColumnSurvey) -> int:
    """Days in which a customer without an event has left: a quarter of the log's time, at most ``HORIZON_DAYS``."""
    if time.first is None or time.last is None:
        raise ValueError("an event log needs dates")
    return max(1, min(HORIZON_DAYS, (time.last - time.first).days // 4))


def events_of(time: ColumnSurvey, horizon: int) -> dict[str, Any]:
    """The section ``events``: cuts as late as the data allows, one horizon apart."""
    if time.first is None or time.last is None:
        raise ValueError("an event log needs dates")
    last = time.last.date() - timedelta(days=horizon - 1)
    cuts = [last - timedelta(days=horizon * back) for back in reversed(range(MAX_CUTS))]
    return {
        "cuts": [cut for cut in cuts if cut >= time.first.date() + timedelta(days=horizon)] or [last],
        "active_days": 2 * horizon,
    }


def windows_of(columns: Iterable[tuple[str, Guess]], horizon: int) -> dict[str, dict[str, Any]]:
    """Aggregates of the events, and of their numbers."""
    windows: dict[str, dict[str, Any]] = {
        "days_since_last": {"aggregate": "recency", "unit": "days", "reason": "inactive customers leave more often"},
        "days_since_first": {"aggregate": "age", "unit": "days", "reason": "customers of long standing stay"},
        "events_ever": {"aggregate": "count", "reason": "frequent customers stay"},
        f"events_{horizon}d": {"aggregate": "count", "days": horizon, "reason": "recent activity"},
    }
    taken = {name for name, _ in columns}
    for name, guess in columns:
        if guess.type in ("integer", "number") and guess.role == "feature":
            for aggregate in ("sum", "mean"):
                windows[f"{name}_{aggregate}"] = {"aggregate": aggregate, "column": name, "reason": f"how much {name}"}
    return {name: window for name, window in windows.items() if name not in taken}
