"""What the policy decides by: the cluster, the metrics, an operator's request, a replay's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollout.evidence.replay import Replay
from rollout.evidence.window import NoData, Window


class Request(StrEnum):
    """What an operator can request of a rollout under way."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True)
class View:
    """How far the cluster has come.

    settled: pods and route are as the state requires.
    problem: why they are not, in one line; "" if unknown or settled.
    external_change: what somebody else changed under the rollout, in one line; "" if nothing.
    stable_replicas: pods that serve stable's share now.
    floor: pods of stable that must stay while a canary is out.
    autoscaler_minimum: below which stable's autoscaler does not go; None without an autoscaler.
    """

    settled: bool
    problem: str = ""
    external_change: str = ""
    stable_replicas: int = 1
    floor: int = 1
    autoscaler_minimum: int | None = None


@dataclass(frozen=True)
class Observation:
    """Everything that is known at one look of the controller.

    now: seconds since the epoch.
    request: the operator's, if one is pending. requested_by: the operator's name and reason.
    """

    now: float
    view: View
    metrics: Window | NoData
    request: Request | None = None
    requested_by: str = ""
    replay: Replay | None = None
