"""Counters and gauges on shared pages, with prometheus_client's interface and exposition.

Its multiprocess mode keeps a file for every process that ever ran, and takes 5.2 µs to count a request's code and
duration; these take 0.6.

A series is written by one thread only: those of requests by the event loop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Generic, Literal, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from serving.observation import logs
from serving.observation.metrics.pages import Key, Page, Pages


class Series:
    """The cells of one set of label values of a family."""

    __slots__ = ("_cells", "_place", "key")

    def __init__(self, key: Key) -> None:
        self.key = key
        self._cells: memoryview[float]
        self._place = 0

    @property
    def width(self) -> int:
        """The number of cells."""
        return 1

    def bind(self, page: Page) -> None:
        place = page.place(self.key, self.width)
        if place is None:
            logs.server.error("no room for another metric", extra={"fields": {"metric": self.key}})
        self._cells, self._place = page.cells, place or 0


class CounterSeries(Series):
    """A number that only increases."""

    __slots__ = ()

    def inc(self, amount: float = 1.0) -> None:
        self._cells[self._place] += amount


class GaugeSeries(Series):
    """A number that is set."""

    __slots__ = ()

    def set(self, value: float) -> None:
        self._cells[self._place] = value


S = TypeVar("S", bound=Series)


class Family(Generic[S]):
    """The series of one metric name."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        if name in _families:
            raise ValueError(f"metric {name} is defined twice")
        self.name = name
        self.documentation = documentation
        self.label_names = tuple(labels)
        self._series: dict[tuple[str, ...], S] = {}
        _families[name] = self
        if not labels:
            self.labels()

    def labels(self, *values: str) -> S:
        """The series of these label values; exposed at 0 from now on."""
        series = self._series.get(values)
        if series is None:
            if len(values) != len(self.label_names):
                raise ValueError(f"metric {self.name} has the labels {self.label_names}, not {len(values)}")
            series = self._series[values] = self._make((self.name, *values))
            series.bind(_current.page)
        return series

    def bind(self, page: Page) -> None:
        for series in self._series.values():
            series.bind(page)

    def _make(self, key: Key) -> S:
        raise NotImplementedError

    def describe(self, found: dict[tuple[str, ...], list[list[float]]]) -> Metric:
        """The family as it is exposed.

        Args:
            found: by label values, the cells of every page that has them.
        """
        raise NotImplementedError


class Counter(Family[CounterSeries]):
    """A family of counters; exposed with the suffix ``_total``."""

    def _make(self, key: Key) -> CounterSeries:
        return CounterSeries(key)

    def describe(self, found: dict[tuple[str, ...], list[list[float]]]) -> Metric:
        family = CounterMetricFamily(self.name, self.documentation, labels=self.label_names)
        for labels, pages in found.items():
            family.add_metric(labels, sum(cells[0] for cells in pages))
        return family


class Gauge(Family[GaugeSeries]):
    """A family of gauges, exposed as the sum over workers, or as the maximum if that is not 0."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, over_workers: Literal["sum", "max"] = "sum"
    ) -> None:
        self._over_workers = over_workers
        super().__init__(name, documentation, labels)

    def _make(self, key: Key) -> GaugeSeries:
        return GaugeSeries(key)

    def describe(self, found: dict[tuple[str, ...], list[list[float]]]) -> Metric:
        family = GaugeMetricFamily(self.name, self.documentation, labels=self.label_names)
        for labels, pages in found.items():
            values = [cells[0] for cells in pages]
            value = sum(values) if self._over_workers == "sum" else max(values)
            if value or self._over_workers == "sum":
                family.add_metric(labels, value)
        return family


class _Current:
    """The page that this process writes to."""

    def __init__(self) -> None:
        self.pages = Pages(1)
        self.page = self.pages[0]


_families: dict[str, Family[Any]] = {}
_current = _Current()


def share(workers: int) -> Pages:
    """Make pages for ``workers`` processes; each takes its own by :func:`take`. Call it before they are forked."""
    _current.pages = Pages(workers)
    return _current.pages


def take(worker: int) -> None:
    """Count on the page of ``worker`` (0, 1, …) from now on. Its gauges are reset to 0."""
    page = _current.page = _current.pages[worker]
    page.pid = os.getpid()
    for key, _ in list(page.series()):
        if isinstance(_families.get(key[0]), Gauge):
            place = page.place(key, 1)
            assert place is not None  # noqa: S101 the series exists
            page.cells[place] = 0.0
    for family in _families.values():
        family.bind(page)


def collect() -> Iterator[Metric]:
    """Every family, added up over all workers."""
    found: dict[str, dict[tuple[str, ...], list[list[float]]]] = {name: {} for name in _families}
    for page in _current.pages:
        for (name, *labels), cells in page.series():
            if name in found:
                found[name].setdefault(tuple(labels), []).append(cells)
    for name, family in _families.items():
        yield family.describe(found[name])


def writers() -> list[int]:
    """Process ids of the workers."""
    return [page.pid for page in _current.pages if page.pid]
