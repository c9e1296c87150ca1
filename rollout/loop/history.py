"""The record of a decision: a row of the history, a log line, an Event."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from rollout.policy.decide import Action, Decision
from rollout.policy.state import Phase, Plan, State

ROWS_KEPT = 200
"""A ConfigMap holds 1 MiB; log and Events have the older rows."""

_EVENT_REASONS = {
    Action.HOLD: "RolloutHeld",
    Action.ADVANCE: "RolloutAdvanced",
    Action.STEP_BACK: "RolloutSteppedBack",
    Action.ROLL_BACK: "RolloutRollingBack",
    Action.PROMOTE: "RolloutPromoting",
}


@dataclass(frozen=True)
class Row:
    """One decision.

    number: from 1 in each rollout. time: UTC, ISO 8601. percent: the canary's share of the traffic from now on.
    by: the controller's identity.
    """

    number: int
    time: str
    rollout: str
    version: str
    action: str
    phase: str
    percent: int
    reason: str
    e_value: float
    by: str

    @property
    def event_name(self) -> str:
        """The same for the same decision, so that posting it twice makes one Event."""
        return f"{self.rollout}.{self.number}"

    @property
    def event_reason(self) -> str:
        ends = {str(Phase.PROMOTED): "RolloutPromoted", str(Phase.ROLLED_BACK): "RolloutRolledBack"}
        return ends.get(self.phase) or _EVENT_REASONS[Action(self.action)]

    @property
    def warning(self) -> bool:
        return self.action in (Action.ROLL_BACK, Action.STEP_BACK, Action.HOLD)


def row_of(plan: Plan, before: State, decision: Decision, now: float, by: str) -> Row | None:
    """The row for a decision; None for a hold whose reason is that of the hold before."""
    after = decision.state
    still = decision.action is Action.HOLD and after.phase is before.phase
    repeated = still and kind(decision.reason) == kind(before.held_reason)
    if repeated or before.phase.ended:
        return None
    return Row(
        number=before.rows + 1,
        time=iso(now),
        rollout=plan.rollout,
        version=plan.version,
        action=str(decision.action),
        phase=str(after.phase),
        percent=100 if after.phase is Phase.PROMOTED else after.percent,
        reason=decision.reason,
        e_value=float(f"{after.comparison.e_value():.4g}"),
        by=by,
    )


def append(text: str, row: Row) -> str:
    """The history, one JSON object a line, with one more row; it keeps the newest ``ROWS_KEPT``."""
    lines = [*text.splitlines(), json.dumps(asdict(row), ensure_ascii=False)]
    return "\n".join(lines[-ROWS_KEPT:]) + "\n"


def rows(text: str) -> list[Row]:
    """The rows of a history, oldest first."""
    return [Row(**json.loads(line)) for line in text.splitlines()]


def rows_of(text: str, rollout: str) -> list[Row]:
    """The rows of one rollout, oldest first."""
    return [row for row in rows(text) if row.rollout == rollout]


def log(event: str, *, stream: TextIO | None = None, **values: Any) -> None:
    """Print one JSON object on one line."""
    record = {"time": iso(datetime.now(UTC).timestamp()), "event": event, **values}
    print(json.dumps(record, default=str), file=stream or sys.stdout, flush=True)


def iso(seconds: float) -> str:
    """Seconds since the epoch as UTC, ISO 8601, to the second."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def kind(reason: str) -> str:
    """A reason without its figures, by which two holds are compared."""
    return re.sub(r"\d[\d.,]*", "#", reason)
