"""How many rows would decide, where a limit lies inside the interval."""

from __future__ import annotations

import re

import pytest

from tenure.evaluation.limit import MOST_TIMES, check_limit, floor
from tenure.stats.bootstrap import Estimate


def said(value: float | None, low: float | None, high: float | None, bound: float, rows: int | None = 100) -> str:
    return check_limit(floor("ROC-AUC", Estimate(value, low, high), bound), rows, "table").text


@pytest.mark.parametrize(("value", "low", "high", "bound"), [(0.75, 0.60, 0.90, 0.65), (0.60, 0.50, 0.70, 0.65)])
def test_the_interval_of_so_many_rows_ends_at_the_limit(value: float, low: float, high: float, bound: float) -> None:
    text = said(value, low, high, bound)
    (needed,) = (int(found.replace(",", "")) for found in re.findall(r"About ([\d,]+) rows", text))
    reach = (value - low if value > bound else high - value) * (100 / needed) ** 0.5
    assert 0.9 * abs(value - bound) < reach <= abs(value - bound)
    assert text.endswith("the table has 100.")


def test_an_estimate_at_its_limit_is_not_decided_by_many_rows() -> None:
    assert f"{MOST_TIMES} times as many rows would not decide" in said(0.65, 0.60, 0.70, 0.65)
    assert f"{MOST_TIMES} times as many rows would not decide" in said(0.654, 0.60, 0.70, 0.65)


def test_nothing_is_said_where_it_is_decided_not_defined_or_not_known_of_how_many() -> None:
    for text in (
        said(0.8, 0.7, 0.9, 0.65),
        said(0.5, 0.4, 0.6, 0.65),
        said(None, None, None, 0.65),
        said(0.7, 0.6, 0.8, 0.65, rows=None),
    ):
        assert "would" not in text
