"""What both sides did since the last look."""

from __future__ import annotations

from typing import Protocol

from rollout.evidence.window import MetricsQuery, NoData, Window
from rollout.policy.state import Phase, Plan, State
from rollout.traffic.cluster import Cluster
from rollout.traffic.inference_service import predictor_object


class Metrics(Protocol):
    """A source of both sides' counts; ``rollout.evidence.prometheus.Prometheus`` is one."""

    def observe(self, query: MetricsQuery) -> Window | NoData: ...


def measure(metrics: Metrics, cluster: Cluster, plan: Plan, state: State, now: float) -> Window | NoData:
    """The counts since the last window that was evaluated, up to ``now`` (seconds since the epoch)."""
    if state.phase not in (Phase.PREPARING, Phase.SHADOW, Phase.RAMPING, Phase.ANALYSING):
        return NoData("not needed")
    required: tuple[str, ...] = ("canary", "stable") if state.percent < 100 else ("canary",)
    if state.percent == 0:
        required = ("stable",)
    query = MetricsQuery(
        namespace=cluster.namespace,
        canary=predictor_object(cluster.service, plan.canary),
        stable=predictor_object(cluster.service, plan.stable.name),
        start=state.looked_at,
        now=now,
        stale_s=plan.limits.stale_s,
        required=required,
    )
    return metrics.observe(query)
