"""Two registered versions side by side."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.tracking.version import KEY_METRICS, Interval, Version


@dataclass(frozen=True)
class MetricRow:
    """One metric of two versions; differences are the second minus the first."""

    metric: str
    first: Interval | None
    second: Interval | None
    difference: float | None


@dataclass(frozen=True)
class VersionComparison:
    """The metrics of two versions, each measured in its own run."""

    first: Version
    second: Version
    same_data: bool
    """Whether both were measured on the same data with the same contract; otherwise differences mean little."""
    metrics: tuple[MetricRow, ...]


def compare_versions(first: Version, second: Version) -> VersionComparison:
    """Compare the metrics that at least one of the two has, in a fixed order."""
    rows = []
    for name in KEY_METRICS:
        one, other = first.metrics.get(name), second.metrics.get(name)
        if one is None and other is None:
            continue
        both = one is not None and other is not None and one[0] is not None and other[0] is not None
        rows.append(MetricRow(name, one, other, other[0] - one[0] if both else None))  # type: ignore[index,operator]
    same = (first.data_hash, first.contract_hash) == (second.data_hash, second.contract_hash)
    return VersionComparison(first, second, same and bool(first.data_hash), tuple(rows))
