"""Metrics of several processes, added up: forks, killed workers, full pages."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.observation.metrics import Counter, Gauge, Histogram, exposition, instruments, share, take
from serving.observation.metrics.histograms import HistogramSeries, OwnBoundsHistogram
from serving.observation.metrics.pages import CELLS, PAGE_BYTES, SPILL_CELLS, Page, Pages

REQUESTS = Counter("t_requests", "for tests", ["model", "code"])
WAITING = Gauge("t_waiting", "for tests")
VERSION = Gauge("t_version", "for tests", ["version"], over_workers="max")
SECONDS = Histogram("t_seconds", "for tests", ["model"], buckets=(0.1, 1.0))
SCORES = OwnBoundsHistogram("t_scores", "for tests", ["model"])
PLAIN = Counter("t_plain", "for tests")


@pytest.fixture(autouse=True)
def two_workers() -> Iterator[None]:
    share(2)
    take(0)
    yield
    share(1)
    take(0)


def exposed() -> dict[str, float]:
    """Samples of this file's metrics as a scraper reads them, by name and label values: ``t_requests_total 200 a``."""
    text = exposition("")[0].decode()
    return {
        " ".join([sample.name, *(value for _, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("t_")
    }


def observe(series: HistogramSeries, *values: float) -> None:
    for value in values:
        series.observe(value)


def in_worker(worker: int, work: Callable[[], object], killed: bool = False) -> None:
    """Run ``work`` as a worker in a forked process, which ends or is killed afterwards."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            take(worker)
            work()
            if killed:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)
            status = 0
        finally:  # the copy of pytest must end here
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if killed else 0)


def test_a_counter_without_labels_is_exposed_at_zero() -> None:
    assert exposed()["t_plain_total"] == 0.0
    PLAIN.labels().inc(3)
    assert exposed()["t_plain_total"] == 3.0


def test_counts_of_two_processes_add_up() -> None:
    REQUESTS.labels("a", "200").inc()

    def work() -> None:
        REQUESTS.labels("a", "200").inc(2)
        REQUESTS.labels("b", "400").inc()

    in_worker(1, work)
    found = exposed()
    assert (found["t_requests_total 200 a"], found["t_requests_total 400 b"]) == (3.0, 1.0)


def test_a_killed_worker_loses_no_count_and_its_successor_counts_on() -> None:
    def work() -> None:
        REQUESTS.labels("a", "200").inc(5)
        WAITING.labels().set(4)
        VERSION.labels("v1").set(1)
        SECONDS.labels("a").observe(0.05)

    in_worker(1, work, killed=True)
    assert (exposed()["t_requests_total 200 a"], exposed()["t_waiting"]) == (5.0, 4.0)
    in_worker(1, lambda: REQUESTS.labels("a", "200").inc(2))
    found = exposed()
    assert found["t_requests_total 200 a"] == 7.0
    assert found["t_seconds_count a"] == 1.0
    # What the dead one had in hand is in nobody's.
    assert found["t_waiting"] == 0.0
    assert "t_version v1" not in found


def test_a_gauge_of_the_largest_is_not_added_up() -> None:
    VERSION.labels("v1").set(1)
    in_worker(1, lambda: VERSION.labels("v1").set(1))
    assert exposed()["t_version v1"] == 1.0
    VERSION.labels("v1").set(0)
    assert exposed()["t_version v1"] == 1.0
    in_worker(1, lambda: VERSION.labels("v1").set(0))
    assert "t_version v1" not in exposed()


def test_a_histogram_is_cumulative_and_summed() -> None:
    for value in (0.1, 0.5, 7.0):
        SECONDS.labels("a").observe(value)
    in_worker(1, lambda: observe(SECONDS.labels("a"), 0.01, 0.02, 1.0))
    found = exposed()
    buckets = [found[f"t_seconds_bucket {bound} a"] for bound in ("0.1", "1.0", "+Inf")]
    assert buckets == [3.0, 5.0, 6.0]
    assert found["t_seconds_count a"] == 6.0
    assert math.isclose(found["t_seconds_sum a"], 8.63)


def test_each_model_has_buckets_of_its_own() -> None:
    SCORES.within((0.25, 0.5), "churn").observe(0.3)
    observe(SCORES.within((-64.0, 0.0, 1024.0), "spending"), -100.0, 0.0, 7.0, 5000.0)
    in_worker(1, lambda: SCORES.within((0.25, 0.5), "churn").observe(0.7))
    found = exposed()
    assert [found[f"t_scores_bucket {bound} churn"] for bound in ("0.25", "0.5", "+Inf")] == [0.0, 1.0, 2.0]
    assert [found[f"t_scores_bucket {bound} spending"] for bound in ("-64.0", "0.0", "1024.0", "+Inf")] == [1, 2, 3, 4]
    assert found["t_scores_sum churn"] == 1.0
    assert "t_scores_sum spending" not in found  # Prometheus takes none where values may be negative
    assert not any("bounds" in name for name in found)


def test_a_reloaded_model_s_buckets_are_those_of_both_bundles() -> None:
    observe(SCORES.within((10.0, 20.0, 40.0), "reloaded"), 5.0, 15.0, 30.0)
    observe(SCORES.within((20.0, 30.0, 40.0), "reloaded"), 25.0, 50.0)
    found = {name: value for name, value in exposed().items() if name.endswith(" reloaded")}
    assert found == {
        "t_scores_bucket 20.0 reloaded": 2.0,
        "t_scores_bucket 40.0 reloaded": 4.0,
        "t_scores_bucket +Inf reloaded": 5.0,
        "t_scores_count reloaded": 5.0,
        "t_scores_sum reloaded": 125.0,
    }


def test_wrong_labels_and_names() -> None:
    with pytest.raises(ValueError, match="t_requests has the labels"):
        REQUESTS.labels("a")
    with pytest.raises(ValueError, match="t_plain is defined twice"):
        Counter("t_plain", "again")


def test_a_full_page_keeps_what_it_has() -> None:
    page = Pages(1)[0]
    places = [page.place(("family", str(number)), 60) for number in range(CELLS // 60 + 5)]
    fitted = [place for place in places if place is not None]
    assert len(fitted) == (CELLS - SPILL_CELLS) // 60
    assert all(SPILL_CELLS <= place <= CELLS - 60 for place in fitted)
    assert len(set(fitted)) == len(fitted)
    assert places[-1] is None
    assert page.place(("family", "0"), 60) == fitted[0]


def test_a_full_page_counts_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Page, "place", lambda *_: None)
    REQUESTS.labels("late", "200").inc()
    monkeypatch.undo()
    assert "t_requests_total 200 late" not in exposed()


def test_an_entry_that_was_not_finished_is_overwritten() -> None:
    memory = memoryview(bytearray(PAGE_BYTES))
    page = Page(memory)
    page.place(("whole",), 1)
    header = bytes(memory[:16])
    page.place(("cut",), 1)
    memory[:16] = header  # as if killed before the entry counted
    successor = Page(memory)
    assert [key for key, _ in successor.series()] == [("whole",)]
    assert successor.place(("next",), 1) is not None
    assert [key for key, _ in Page(memory).series()] == [("whole",), ("next",)]


def test_the_process_families_cover_all_workers() -> None:
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(exposition("")[0].decode())
        for sample in family.samples
    }
    assert found["process_resident_memory_bytes"] > 10 * 2**20
    assert found["process_open_fds"] > 2
    assert instruments.writers() == [os.getpid()]


def test_openmetrics_on_request() -> None:
    body, content_type = exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
