"""Histograms on the shared pages, whose buckets belong to the family or to a series."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from serving.observation.metrics.instruments import Family, Series
from serving.observation.metrics.pages import Key

SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Bucket bounds of durations, in seconds."""


class HistogramSeries(Series):
    """The count of each bucket, and the sum of values."""

    __slots__ = ("_bounds",)

    def __init__(self, key: Key, bounds: tuple[float, ...]) -> None:
        super().__init__(key)
        self._bounds = bounds

    @property
    def width(self) -> int:
        return len(self._bounds) + 2

    def observe(self, value: float) -> None:
        self._cells[self._place + bisect_left(self._bounds, value)] += 1.0
        self._cells[self._place + len(self._bounds) + 1] += value


class Histogram(Family[HistogramSeries]):
    """A family of histograms."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS
    ) -> None:
        self.bounds = tuple(buckets)
        super().__init__(name, documentation, labels)

    def _make(self, key: Key) -> HistogramSeries:
        return HistogramSeries(key, self.bounds)

    def describe(self, found: dict[tuple[str, ...], list[list[float]]]) -> Metric:
        family = HistogramMetricFamily(self.name, self.documentation, labels=self.label_names)
        for labels, pages in found.items():
            _add(family, labels, [(self.bounds, pages)])
        return family


class OwnBoundsHistogram(Family[HistogramSeries]):
    """A family of histograms whose series have their own buckets.

    If series with the same labels had different buckets one after another, only their common bounds are exposed.
    """

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        super().__init__(name, documentation, [*labels, _BOUNDS])

    def within(self, bounds: Sequence[float], *values: str) -> HistogramSeries:
        """The series of these label values with these upper bounds, ascending; exposed at 0 from now on."""
        return self.labels(*values, json.dumps(list(bounds)))

    def _make(self, key: Key) -> HistogramSeries:
        return HistogramSeries(key, _own_bounds(key))

    def describe(self, found: dict[tuple[str, ...], list[list[float]]]) -> Metric:
        family = HistogramMetricFamily(self.name, self.documentation, labels=self.label_names[:-1])
        parts: dict[tuple[str, ...], list[tuple[tuple[float, ...], list[list[float]]]]] = {}
        for key, pages in found.items():
            parts.setdefault(key[:-1], []).append((_own_bounds(key), pages))
        for labels, of_labels in parts.items():
            _add(family, labels, of_labels)
        return family


_BOUNDS = "bounds"
"""Name of the bounds in a series' key; not exposed as a label."""


def _own_bounds(key: Key) -> tuple[float, ...]:
    return tuple(json.loads(key[-1]))


def _add(
    family: HistogramMetricFamily,
    labels: tuple[str, ...],
    parts: Sequence[tuple[tuple[float, ...], list[list[float]]]],
) -> None:
    """Add a histogram: the sum of parts, each with its bounds and the cells of every page."""
    common = set(parts[0][0]).intersection(*(bounds for bounds, _ in parts))
    counts = dict.fromkeys((*sorted(common), math.inf), 0.0)
    whole = 0.0
    for bounds, pages in parts:
        *cells, total = [sum(column) for column in zip(*pages, strict=True)]
        for bound, below in zip((*bounds, math.inf), np.cumsum(cells).tolist(), strict=True):
            if bound in counts:
                counts[bound] += below
        whole += total
    buckets = [(_bound_text(bound), count) for bound, count in counts.items()]
    family.add_metric(labels, buckets=buckets, sum_value=whole)


def _bound_text(bound: float) -> str:
    text: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
    return text
