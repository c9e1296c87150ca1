"""A rollout's plan, which never changes, and its state, which the policy advances; both as JSON.

Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from rollout.evidence.comparison import Comparison, Tally
from rollout.evidence.e_process import EProcess
from rollout.limits import Limits
from tenure.errors import DataError

BASELINE_S = 3600.0
"""How far before its start the metrics are read from which stable's shares and p99 are estimated."""

STORED_NAMES = {"held_reason": "held", "events_posted": "posted", "registry_updated": "told"}
"""Stored names of the attributes of ``State`` whose name differs: controllers of other versions read them too."""


class Phase(StrEnum):
    PREPARING = "preparing"
    SHADOW = "shadow"
    RAMPING = "ramping"
    ANALYSING = "analysing"
    PROMOTING = "promoting"
    PROMOTED = "promoted"
    DRAINING = "draining"
    REMOVING = "removing"
    ROLLED_BACK = "rolled back"

    @property
    def ended(self) -> bool:
        return self in (Phase.PROMOTED, Phase.ROLLED_BACK)


@dataclass(frozen=True)
class Stable:
    """The stable predictor at the start of the rollout, to which a rollback returns.

    name: the predictor's name, "" without one. min_replicas, max_replicas: as in the spec, None where not set.
    """

    name: str
    storage_uri: str
    min_replicas: int | None
    max_replicas: int | None


@dataclass(frozen=True)
class Plan:
    """What is rolled out, in place of what, under which limits.

    rollout: its name, unique over time. canary: the canary predictor's name.
    model, version: to which the registry's alias moves; version is the registry's number.
    who, why: requested the rollout, and the reason, for the history.
    """

    rollout: str
    canary: str
    model: str
    version: str
    storage_uri: str
    stable: Stable
    limits: Limits
    shadow: bool
    who: str
    why: str
    started_at: float

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "limits": self.limits.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Plan:
        return cls(**{**values, "stable": Stable(**values["stable"]), "limits": Limits.from_json(values["limits"])})


@dataclass(frozen=True)
class State:
    """The state of a rollout.

    phase: since ``since``. step: index of the step that the canary is at or goes to; -1 before the first.
    percent: share of the traffic that the canary should have. capacity: pods that serve all of the traffic.
    deadline: when a rollout that has not been promoted is rolled back; pauses postpone it.
    paused_at: None unless paused. forced: an operator requested promotion, whatever the metrics say.
    unready_since: since when pods or route are not as required while the canary is analysed; None if they are.
    looked_at: end of the last window that was evaluated.
    reason: of the last decision, in words. rows: number of rows in the history.
    held_reason: of the last hold, so that a hold that goes on is one row of the history.
    events_posted: rows up to this number have been posted as Events.
    registry_updated: whether the registry has the outcome.
    """

    phase: Phase
    since: float
    deadline: float
    looked_at: float
    step: int = -1
    percent: int = 0
    capacity: int = 1
    paused_at: float | None = None
    forced: bool = False
    unready_since: float | None = None
    comparison: Comparison = field(default_factory=Comparison)
    reason: str = ""
    rows: int = 0
    held_reason: str = ""
    events_posted: int = 0
    registry_updated: bool = False

    @classmethod
    def first(cls, plan: Plan, capacity: int) -> State:
        start = plan.started_at
        return cls(
            Phase.PREPARING, start, start + plan.limits.deadline_s, start - BASELINE_S, capacity=max(1, capacity)
        )

    def to_json(self) -> dict[str, Any]:
        values = {STORED_NAMES.get(item.name, item.name): getattr(self, item.name) for item in fields(self)}
        return {**values, "phase": str(self.phase), "comparison": _comparison_to_json(self.comparison)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> State:
        names = {stored: name for name, stored in STORED_NAMES.items()}
        given = {names.get(name, name): value for name, value in values.items()}
        comparison = _comparison_from_json(values["comparison"])
        return cls(**{**given, "phase": Phase(values["phase"]), "comparison": comparison})


def dump(plan: Plan, state: State) -> str:
    """Both as one JSON document, as it is stored."""
    return json.dumps({"format": 1, "plan": plan.to_json(), "state": state.to_json()}, indent=1, allow_nan=False)


def load(text: str) -> tuple[Plan, State]:
    """What ``dump`` wrote.

    Raises:
        DataError: it is not such a document, or of another format.
    """
    try:
        document = json.loads(text)
        if document["format"] != 1:
            raise DataError(
                f"stored rollout: format {document['format']!r} is not supported by this version; expected 1"
            )
        return Plan.from_json(document["plan"]), State.from_json(document["state"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"stored rollout: cannot be read: {type(error).__name__}: {error}") from error


def _comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    # The key "purses" is the stored name of the e-processes: controllers of other versions read it too.
    slow = comparison.slow_s
    return {
        "purses": {
            name: [
                _short(process.reserve),
                [_short(bet) for bet in process.bets],
                _short(process.trials),
                _short(process.hits),
            ]
            for name, process in comparison.processes.items()
        },
        "tallies": {name: [t.n_c, t.k_c, t.n_s, t.k_s] for name, t in comparison.tallies.items()},
        "requests_c": comparison.requests_c,
        "requests_s": comparison.requests_s,
        "slow_s": "inf" if slow is not None and math.isinf(slow) else slow,
        "stable_latency": {str(bound): count for bound, count in comparison.stable_latency.items()},
    }


def _comparison_from_json(values: dict[str, Any]) -> Comparison:
    return Comparison(
        processes={
            name: EProcess(reserve, tuple(bets), trials, hits)
            for name, (reserve, bets, trials, hits) in values["purses"].items()
        },
        tallies={name: Tally(*counts) for name, counts in values["tallies"].items()},
        requests_c=values["requests_c"],
        requests_s=values["requests_s"],
        slow_s=None if values["slow_s"] is None else float(values["slow_s"]),
        stable_latency={float(bound): count for bound, count in values["stable_latency"].items()},
    )


def _short(number: float) -> float:
    """Nine digits: rounding changes an e-value by a billionth, and the document stays small."""
    return float(f"{number:.9g}")
