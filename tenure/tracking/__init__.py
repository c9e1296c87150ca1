"""MLflow: runs, registered versions, and the champion. No other package uses MLflow."""

from tenure.tracking.comparison import MetricRow, VersionComparison, compare_versions
from tenure.tracking.history import Move, whoami
from tenure.tracking.location import Location, resolve
from tenure.tracking.registry import Registry
from tenure.tracking.runs import log_run
from tenure.tracking.version import CHALLENGER, CHAMPION, Version, to_tags

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "Location",
    "MetricRow",
    "Move",
    "Registry",
    "Version",
    "VersionComparison",
    "compare_versions",
    "log_run",
    "resolve",
    "to_tags",
    "whoami",
]
