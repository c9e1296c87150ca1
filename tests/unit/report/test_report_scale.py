from __future__ import annotations

import pytest

from tenure.number_text import compact_money
from tenure.report.scale import Axis, Frame, cover


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 270_000.0, [0.0, 100_000.0, 200_000.0]),
        (0.82, 0.89, [0.82, 0.84, 0.86, 0.88]),
        (-30.0, 40.0, [-20.0, 0.0, 20.0, 40.0]),
        (0.5, 0.5, [0.5]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[float]) -> None:
    assert Axis("", low, high, str).ticks() == pytest.approx(expected)


def test_frame_maps_ends_to_ends() -> None:
    frame = Frame(10, 20, 100, 50, Axis("", 0, 2, str), Axis("", -1, 1, str))
    assert (frame.at_x(0), frame.at_x(2)) == (10, 110)
    assert (frame.at_y(-1), frame.at_y(1)) == (70, 20)


def test_cover_holds_its_values() -> None:
    assert cover(0.0, 10.0, zero=True) == (0.0, pytest.approx(10.6))
    low, high = cover(-5.0, 10.0, zero=True)
    assert low < -5.0
    assert high > 10.0
    assert cover(3.0, 3.0) == (pytest.approx(2.82), pytest.approx(3.18))
    assert cover(0.0, 0.0) == (-1.0, 1.0)


def test_axis_money_is_short() -> None:
    assert [compact_money(amount, "USD") for amount in (0, 950, 12_500, -1_230_000)] == [
        "$0",
        "$950",
        "$12.5k",
        "-$1.23M",
    ]
    assert compact_money(12_500, "CHF") == "12.5k CHF"
