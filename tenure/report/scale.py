"""From values to places on a drawing, and the ticks that people can read them by."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One axis: its range, its title, and how its values are written."""

    title: str
    low: float
    high: float
    write: Callable[[float], str]

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the range, 1, 2, 2.5 or 5 times a power of ten apart."""
        span = self.high - self.low
        if span <= 0.0:
            return [self.low]
        rough = span / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


@dataclass(frozen=True)
class Frame:
    """The part of a drawing that holds the data; pixels grow downwards."""

    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def right(self) -> float:
        return self.left + self.width

    def at_x(self, value: float) -> float:
        span = self.x.high - self.x.low or 1.0
        return round(self.left + self.width * (value - self.x.low) / span, 1)

    def at_y(self, value: float) -> float:
        span = self.y.high - self.y.low or 1.0
        return round(self.bottom - self.height * (value - self.y.low) / span, 1)


def cover(*values: float, zero: bool = False, margin: float = 0.06) -> tuple[float, float]:
    """A range that holds ``values`` (and zero, if wanted) with some air."""
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = (high - low) * margin or abs(high) * margin or 1.0
    return low - (air if low < 0.0 or not zero else 0.0), high + air
