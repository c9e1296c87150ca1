"""What joins the path of an inference request in this process, by the command line. The one place where it is said."""

from __future__ import annotations

from serving import metrics
from serving.access_log import AccessLog
from serving.admission.clients import Clients
from serving.admission.gate import Gate
from serving.arguments import Arguments
from serving.hooks import Hooks
from serving.model import ChurnModel
from serving.request_metrics import RequestMetrics
from serving.resilience import CLOSED, Breaker, Guard


def hooks(given: Arguments, clients: Clients | None) -> Hooks:
    """Made once a worker, after the fork; ``clients`` before it: workers share what they may ask."""
    limits = given.admission
    return Hooks(
        admission=Gate(clients, limits.max_in_flight, limits.max_rows, limits.timeout_s),
        guard=Guard(_breaker),
        observers=(RequestMetrics(), AccessLog()),
    )


def _breaker(model: ChurnModel, part: str) -> Breaker:
    gauge = metrics.BREAKER_OPEN.labels(model.name, part)
    return Breaker(on_change=lambda state: gauge.set(float(state != CLOSED)))
