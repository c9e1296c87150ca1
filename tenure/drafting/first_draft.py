"""Writes a drafted contract as YAML with comments."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from tenure.contract.settings import Quality, Source, Task
from tenure.drafting.survey import ColumnSurvey
from tenure.tasks import DEFAULT, get

HORIZON_DAYS = 90
MAX_CUTS = 3


@dataclass
class Guess:
    """Inferred description of a column: its type, further keys, and a comment for the person who corrects it."""

    type: str
    settings: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


@dataclass
class Draft:
    """A contract that is being drafted."""

    name: str
    source: Source
    shown: str
    rows: int
    columns: dict[str, Guess] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    label: dict[str, Any] = field(default_factory=dict)
    label_comment: str = ""
    task: Task = DEFAULT
    events: dict[str, Any] = field(default_factory=dict)
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    quality: dict[str, tuple[Any, str]] = field(default_factory=dict)
    _time: ColumnSurvey | None = None

    def add_key(self, column: ColumnSurvey, guess: Guess) -> None:
        self.columns[column.name] = guess

    def add_label(self, column: ColumnSurvey, positive: str) -> None:
        levels = column.levels()
        settings: dict[str, Any] = {"role": "label", "values": levels}
        if column.missing_texts:
            settings["missing_values"] = column.missing_texts
        self.columns[column.name] = Guess("category", settings, "the label: what is predicted")
        self.label = {"positive": positive}
        rows_left = column.values[positive]
        known = sum(column.values[level] for level in levels)
        self.label_comment = f"the value of '{column.name}' that means churn ({rows_left:,} of {known:,})"
        share = min(rows_left, known - rows_left) / known
        if share < Quality().min_class_share:
            self.quality["min_class_share"] = (float(f"{share / 2:.1g}"), "the smaller class is rare here")

    def add_number(self, column: ColumnSurvey, guess: Guess) -> None:
        """Set a numeric label: the task becomes regression."""
        self.task = "regression"
        kept = {key: value for key, value in guess.settings.items() if key in ("range", "missing_values")}
        found = f"{column.low:g} to {column.high:g}"
        comment = f"the label: the number that is predicted; found: {found}; which range and unit?"
        self.columns[column.name] = Guess(column.kind, {"role": "label", **kept}, comment)

    def add_time(self, column: ColumnSurvey, guess: Guess, now: datetime) -> None:
        guess.settings["role"] = "time"
        guess.comment = "time of the row; rows are split by it"
        self.columns[column.name] = guess
        self._time = column
        limit = Quality().freshness_days
        if column.last and limit and now - column.last.replace(tzinfo=UTC) > timedelta(days=limit):
            self.quality["freshness_days"] = (
                None,
                f"the newest row is from {column.last:%Y-%m-%d}: a historical table",
            )

    def add_events(self, time: ColumnSurvey) -> None:
        """Set a label of an event log: no event after a cut. Cuts are as late as the data allows, one horizon apart."""
        if time.first is None or time.last is None:
            raise ValueError("an event log needs dates")
        span = (time.last - time.first).days
        horizon = max(1, min(HORIZON_DAYS, span // 4))
        last = time.last.date() - timedelta(days=horizon - 1)
        cuts = [last - timedelta(days=horizon * back) for back in reversed(range(MAX_CUTS))]
        self.events = {
            "cuts": [cut for cut in cuts if cut >= time.first.date() + timedelta(days=horizon)] or [last],
            "active_days": 2 * horizon,
        }
        self.label = {"horizon_days": horizon}
        self.label_comment = "a customer without an event within this many days after the cut has left"


def write_draft(draft: Draft) -> str:
    """The draft as YAML, with comments."""
    texts = get(draft.task).texts
    lines = [
        f"# Draft of a contract, inferred from {draft.rows:,} rows of {draft.shown}.",
        "# Check every line and correct it; 'tenure check' then checks data against it.",
        f"name: {draft.name}",
        "description: ''",
        *([f"task: {draft.task}  # {texts.draft_task}"] if draft.task != DEFAULT else []),
        *_section("source", draft.source.model_dump(mode="json", exclude_defaults=True)),
        *(["label:"] if draft.label else []),
        *[f"  {key}: {_flow(value)}  # {draft.label_comment}" for key, value in draft.label.items()],
    ]
    if draft.events:
        lines += _section("events", draft.events)
    if draft.quality:
        lines.append("quality:")
        lines += [f"  {key}: {_flow(value)}  # {why}" for key, (value, why) in draft.quality.items()]
    elif draft.rows < Quality().min_rows:
        lines.append("quality:")
    if draft.rows < Quality().min_rows:
        lines.append(f"  min_rows: {max(1, math.floor(draft.rows * 0.9))}  # too few rows for a reliable model")
    lines += ["", "columns:"]
    for name in draft.order:
        guess = draft.columns[name]
        lines.append(f"  {_flow(name)}:" + (f"  # {guess.comment}" if guess.comment else ""))
        for key, value in {"type": guess.type, **guess.settings}.items():
            lines.append(f"    {key}: {_flow(value)}")
    if draft.events:
        lines += ["", *_windows(draft)]
    else:
        lines += [
            "",
            "# Features that are computed from columns of the same row; for example:",
            "# derived:",
            "#   spend_per_month:",
            "#     expression: total_spend / max(months, 1)",
            "#     reason: customers with a high price and a short contract leave more often",
        ]
    lines += [
        "",
        *texts.draft_business,
    ]
    return "\n".join(lines) + "\n"


def _windows(draft: Draft) -> list[str]:
    days = draft.label["horizon_days"]
    windows: dict[str, dict[str, Any]] = {
        "days_since_last": {
            "aggregate": "recency",
            "unit": "days",
            "reason": "inactive customers leave more often",
        },
        "days_since_first": {"aggregate": "age", "unit": "days", "reason": "customers of long standing stay"},
        "events_ever": {"aggregate": "count", "reason": "frequent customers stay"},
        f"events_{days}d": {"aggregate": "count", "days": days, "reason": "recent activity"},
    }
    for name, guess in draft.columns.items():
        if guess.type in ("integer", "number") and "role" not in guess.settings:
            for aggregate in ("sum", "mean"):
                windows[f"{name}_{aggregate}"] = {"aggregate": aggregate, "column": name, "reason": f"how much {name}"}
    lines = ["# Features: aggregates of the events before the cut.", "windows:"]
    for name, window in windows.items():
        lines.append(f"  {_flow(name)}: {_flow(window)}")
    return lines


def _section(name: str, values: dict[str, Any]) -> list[str]:
    if not values:
        return []
    return [f"{name}:", *[f"  {key}: {_flow(value)}" for key, value in values.items()]]


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False)
    return text.strip().removesuffix("...").strip()
