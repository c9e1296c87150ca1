"""What joins the path of an inference request in this process, by the command line. The one place where it is said."""

from __future__ import annotations

from serving.access_log import AccessLog
from serving.arguments import Arguments
from serving.hooks import Hooks
from serving.request_metrics import RequestMetrics


def hooks(_: Arguments) -> Hooks:
    """Made once a worker, after the fork."""
    return Hooks(observers=(RequestMetrics(), AccessLog()))
