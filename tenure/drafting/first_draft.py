"""A contract that is being drafted, and the decisions to look at."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tenure.contract.settings import Quality, Source, Task
from tenure.count_text import count
from tenure.drafting.columns import Guess
from tenure.drafting.events import EventLog
from tenure.drafting.phrases import on_one_line
from tenure.tasks import DEFAULT

MAX_SHOWN = 12
"""Ignored columns that are listed with their reasons."""
MAX_REJECTED = Quality().max_rejected_share


@dataclass(frozen=True)
class Decision:
    """What was decided while a contract was drafted, for a person who checks it."""

    what: str
    """``key``, ``label``, ``rows``, ``features``, ``sensitive``, ``ignored``, ``file`` or ``look at``."""
    value: str
    why: str = ""


@dataclass
class Draft:
    """A contract that is being drafted."""

    name: str
    source: Source
    shown: str
    rows: int
    columns: dict[str, Guess] = field(default_factory=dict)
    """By name, in the table's order once all are there."""
    task: Task = DEFAULT
    key: str | None = None
    """Column that identifies the customer; None for the row number."""
    label: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Settings of the label with their comments; so for the next ones."""
    as_of: tuple[date, str] | None = None
    split: dict[str, tuple[Any, str]] = field(default_factory=dict)
    log: EventLog | None = None
    """Where rows are events."""
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    derived: dict[str, dict[str, Any]] = field(default_factory=dict)
    proposed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Derived features of dates that a person may add: written as comments."""
    quality: dict[str, tuple[Any, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was assumed about how the table is written."""
    decisions: list[Decision] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What should be checked besides single columns."""

    def require_rows(self, usable: int) -> None:
        """Lower the smallest number of good rows where the table has hardly that many."""
        if usable * (1 - MAX_REJECTED) < Quality().min_rows:
            least = max(1, math.floor(usable * 0.9))
            self.quality["min_rows"] = (least, "few rows for a reliable model")

    def names_of(self, *roles: str) -> list[str]:
        """Columns with one of ``roles``."""
        return [name for name, guess in self.columns.items() if guess.role in roles]

    def summary(self) -> list[Decision]:
        """The decisions, the columns by role, and all doubts."""
        features, ignored = self.names_of("feature"), self.names_of("ignored")
        found = list(self.decisions)
        made = f", and {', '.join(self.derived)}" if self.derived else ""
        windows = f"{count(len(self.windows), 'aggregate')} of events" if self.windows else ""
        found.append(Decision("features", windows or f"{count(len(features), 'column')}{made}"))
        if self.names_of("sensitive"):
            found.append(Decision("sensitive", ", ".join(self.names_of("sensitive")), "no model inputs"))
        found += [Decision("ignored", f"'{name}'", self.columns[name].comments[0]) for name in ignored[:MAX_SHOWN]]
        if len(ignored) > MAX_SHOWN:
            found.append(Decision("ignored", f"{len(ignored) - MAX_SHOWN} more", ", ".join(ignored[MAX_SHOWN:])))
        found += [Decision("file", note) for note in self.notes]
        found += [Decision("look at", doubt) for doubt in self.doubts]
        found += [
            Decision("look at", f"'{name}'", "; ".join(guess.doubts))
            for name, guess in self.columns.items()
            if guess.doubts and guess.role != "ignored"
        ]
        return [Decision(one.what, on_one_line(one.value), on_one_line(one.why)) for one in found]
