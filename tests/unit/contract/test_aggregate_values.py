"""Every aggregate against its formula, written over plain lists in ``hand_counted``."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hand_counted import ORACLES, Inside
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.aggregates import AGGREGATES, Events, Log, Spans, Takes
from tenure.contract.aggregates.rows import MISSING
from tenure.contract.durations import DAY_US
from tenure.contract.windows import Window

HOUR = DAY_US // 24
START = datetime(2024, 1, 1, tzinfo=UTC)
INSTANT = 40 * 24
NUMBERS = st.integers(-3, 3).map(float)

customers = st.lists(st.lists(st.tuples(st.integers(0, INSTANT - 1), NUMBERS), max_size=12).map(sorted), max_size=4)


def test_every_aggregate_has_a_formula_to_be_compared_with() -> None:
    assert set(ORACLES) == set(AGGREGATES)


@pytest.mark.parametrize("name", AGGREGATES)
@given(customers=customers, days=st.sampled_from([7, 20]), q=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
@settings(max_examples=examples(60))
def test_each_value_is_that_of_the_formula(
    name: str, customers: list[list[tuple[int, float]]], days: int, q: float
) -> None:
    aggregate = AGGREGATES[name]
    if aggregate.takes is Takes.CONDITION:
        customers = [[(hour, float(value > 0)) for hour, value in rows] for rows in customers]
    low, earlier = INSTANT - 24 * days, INSTANT - 48 * days
    hours = np.array([hour for rows in customers for hour, _ in rows], dtype=np.int64)
    values = np.array([value for rows in customers for _, value in rows])
    bounds = np.concatenate([[0], np.cumsum([len(rows) for rows in customers])]).astype(np.int64)
    takes_values = aggregate.takes is not Takes.NO_COLUMN
    log = Log(bounds, hours * HOUR, values if takes_values else np.empty(0), lambda times: times)
    spans = Spans(*(_places(customers, bounds, bound) for bound in (low, INSTANT)))
    before = Spans(*(_places(customers, bounds, bound) for bound in (earlier, low)))
    found = aggregate.compute(Events(log, spans, before, INSTANT * HOUR, float(days), q))
    assert len(found) == len(customers)
    for value, rows in zip(found, customers, strict=True):
        inside = [(hour, number) for hour, number in rows if low <= hour]
        moments = [START + timedelta(hours=hour) for hour, _ in inside]
        expected = ORACLES[name](
            Inside(
                moments,
                [number for _, number in inside],
                START + timedelta(hours=INSTANT),
                [moment.date() for moment in moments],
                float(days),
                [number for hour, number in rows if earlier <= hour < low],
                q,
            )
        )
        if expected is None:
            assert value == MISSING or math.isnan(value)
        else:
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


def _places(customers: list[list[tuple[int, float]]], bounds: np.ndarray, time: int) -> np.ndarray:
    """Of each customer the place of the first row that is not before a time."""
    before = [sum(hour < time for hour, _ in rows) for rows in customers]
    return bounds[:-1] + np.array(before, dtype=np.int64)


@pytest.mark.parametrize("name", ["std", "slope"])
def test_a_large_mean_costs_no_digits(name: str) -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    times = np.arange(4) * DAY_US
    span = Spans(np.array([0]), np.array([4]))

    def compute(offset: float, since: int) -> float:
        log = Log(np.array([0, 4]), times + since, values + offset, lambda moments: moments)
        return float(AGGREGATES[name].compute(Events(log, span, None, 4 * DAY_US + since, None))[0])

    assert compute(1e9, 20_000 * DAY_US) == pytest.approx(compute(0.0, 0), rel=1e-9)


def test_a_sum_does_not_depend_on_other_customers() -> None:
    values = np.array([1e16, 1.0, 0.1, 0.2])
    log = Log(np.array([0, 2, 4]), np.arange(4), values, lambda times: times)
    found = log.sums(Spans(np.array([0, 2]), np.array([2, 4])))
    assert found[1] == 0.1 + 0.2


def test_a_trend_needs_a_beginning() -> None:
    log = Log(np.array([0, 1]), np.array([0]), np.empty(0), lambda times: times)
    with pytest.raises(ValueError, match="a trend needs a window with a beginning"):
        AGGREGATES["trend"].compute(Events(log, Spans(np.array([0]), np.array([1])), None, 1, None))


def test_a_contract_cannot_ask_for_a_trend_of_all_history() -> None:
    with pytest.raises(
        ValueError, match="aggregate 'trend' compares with the window before: it needs 'days' or 'last'"
    ):
        Window(aggregate="trend", reason="r")
    assert Window(aggregate="trend", last="6 hours", reason="r").phrase.endswith("of the number of events")
    assert Window(aggregate="trend", days=3, column="spend", reason="r").phrase.endswith("of the sum of spend")
