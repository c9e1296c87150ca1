"""The limits of a rollout. ``start`` sets each of them; the plan carries them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from tenure.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Validated by the constructor.

    Raises:
        InputError: a limit is out of its range; names it and its value.
    """

    steps: tuple[int, ...] = (5, 25, 50, 100)
    """Share of traffic the canary gets, step by step, in percent. The last is 100."""
    step_time_s: float = 600.0
    """Shortest time at a step, counted from when the route carries its weight."""
    step_requests: int = 500
    """Smallest number of requests that the canary (and stable, where it has traffic) answers at a step."""
    deadline_s: float = 6 * 3600.0
    """A rollout that has not been promoted after this time, pauses not counted, is rolled back."""
    ready_s: float = 900.0
    """Longest wait for pods and route to follow a change of the spec."""
    drain_s: float = 30.0
    """Time for requests in flight to finish after a side has lost its traffic, before its pods are removed."""
    stale_s: float = 120.0
    """A side whose newest sample is older than this has no data."""
    look_s: float = 10.0
    """Time between two looks at the metrics and the cluster, at most 10 s: each renews the Lease."""
    false_rollback: float = 0.05
    """Largest probability, over the whole rollout, of rolling back a canary that is within all tolerances."""
    error_share: float = 0.005
    """How much larger the canary's share of failed requests (5xx) may be than stable's."""
    fallback_share: float = 0.01
    """How much larger the canary's share of fallback answers may be."""
    latency_ratio: float = 1.5
    """A request is slow when it takes longer than this times stable's p99 (the next bound of the histogram)."""
    slow_share: float = 0.01
    """How much larger the canary's share of slow requests may be. 0.01: its p99 may reach the slow bound."""
    score_distance: float = 0.15
    """Largest tolerated Kolmogorov distance between the two distributions of scores."""

    def __post_init__(self) -> None:
        if not self.steps or self.steps[-1] != 100 or list(self.steps) != sorted(set(self.steps)) or self.steps[0] < 1:
            given = ",".join(map(str, self.steps))
            raise InputError(
                f"steps {given}: percentages must grow from at least 1 and end with 100, as in 5,25,50,100"
            )
        for name in ("step_time_s", "deadline_s", "ready_s", "stale_s"):
            self._check(name, 0.0, math.inf, open_below=True)
        self._check("look_s", 0.0, 10.0, open_below=True)
        self._check("drain_s", 0.0, math.inf)
        self._check("step_requests", 1, math.inf)
        for name in ("error_share", "fallback_share", "slow_share", "score_distance"):
            self._check(name, 0.0, 1.0, open_below=True)
        self._check("false_rollback", 0.0, 0.5, open_below=True)
        self._check("latency_ratio", 1.0, math.inf)
        least = self.step_time_s * len(self.steps)
        if self.deadline_s <= least:
            raise InputError(
                f"deadline of {self.deadline_s:g} s: {len(self.steps)} steps of {self.step_time_s:g} s "
                f"need more than {least:g} s"
            )

    @property
    def looks(self) -> int:
        """Number of looks before the deadline."""
        return max(1, math.ceil(self.deadline_s / self.look_s))

    def changed(self) -> dict[str, Any]:
        """Those that differ from the defaults, as JSON."""
        default = Limits().to_json()
        return {name: value for name, value in self.to_json().items() if value != default[name]}

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "steps": list(self.steps)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Limits:
        """The limits that ``to_json`` wrote.

        Raises:
            InputError: a key is not a limit, or a value is out of its range.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"{sorted(unknown)[0]!r} is not a limit of a rollout")
        return cls(**{**values, **({"steps": tuple(values["steps"])} if "steps" in values else {})})

    def _check(self, name: str, low: float, high: float, *, open_below: bool = False) -> None:
        value = getattr(self, name)
        if not (low <= value <= high) or (open_below and value <= low) or math.isinf(value):
            bounds = f"{'more than' if open_below else 'at least'} {low:g}" + (
                "" if math.isinf(high) else f", at most {high:g}"
            )
            raise InputError(f"{name} is {value:g}: must be {bounds}")
