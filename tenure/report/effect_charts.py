"""Charts of how a score moves with a column, and of the rows behind each point. See ``tenure.report.charts``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tenure.report.charts import WIDTH, short, svg
from tenure.report.scale import Axis, Frame

HEIGHT = 190.0
LEFT, RIGHT, TOP, BOTTOM = 68.0, 22.0, 10.0, 40.0
TALLEST = 0.25
"""Height of the highest bar of rows, as a share of the drawing."""

Write = Callable[[float], str]


@dataclass(frozen=True)
class EffectPoint:
    """A value of a column, its effect on the score, and the rows with it."""

    value: str
    effect: float
    rows: int


def number_effect(description: str, values: Sequence[float], points: Sequence[EffectPoint], x: Axis, y: Axis) -> Markup:
    """A line through the effects at ascending ``values``, over bars that say how many rows lie up to each."""
    frame = Frame(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, x, y)
    parts = [_grid(frame)]
    most = max(point.rows for point in points) or 1
    left = frame.left
    for value, point in zip(values, points, strict=True):
        right, height = frame.at_x(value), TALLEST * frame.height * point.rows / most
        # The bar of the smallest value, which is none of an interval, is a line.
        width = max(1.0, right - left - 1.0)
        parts.append(
            Markup(
                '<rect class="histogram" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
            ).format(right - width, frame.bottom - height, width, height, _rows(point))
        )
        left = right
    zero = frame.at_y(0.0)
    line = " ".join(f"{frame.at_x(v)},{frame.at_y(p.effect)}" for v, p in zip(values, points, strict=True))
    parts.append(
        Markup('<line class="reference" x1="{}" x2="{}" y1="{}" y2="{}"/><polyline class="line" points="{}"/>').format(
            frame.left, frame.right, zero, zero, line
        )
    )
    parts += [
        Markup('<circle class="dot" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>').format(
            frame.at_x(value), frame.at_y(point.effect), _rows(point)
        )
        for value, point in zip(values, points, strict=True)
    ]
    return svg(description, WIDTH, HEIGHT, parts)


def category_effect(description: str, points: Sequence[EffectPoint], ends: tuple[float, float], write: Write) -> Markup:
    """A bar from zero for each value, with the effect and the number of rows written out.

    Args:
        ends: smallest and largest effect that there is room for, so that charts can be compared.
    """
    label, written, row_height, top = 148.0, 118.0, 30.0, 20.0
    height = top + row_height * max(3, len(points)) + 6.0
    frame = Frame(
        label, top, WIDTH - label - written, row_height * len(points), Axis("", *ends, str), Axis("", 0.0, 1.0, str)
    )
    zero = frame.at_x(0.0)
    parts = [
        Markup('<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            zero, top, top + row_height * len(points)
        ),
        Markup('<text class="tick" x="{}" y="12" text-anchor="end">{}</text>').format(WIDTH - 52, "effect"),
        Markup('<text class="tick" x="{}" y="12" text-anchor="end">{}</text>').format(WIDTH - 2, "rows"),
    ]
    for place, point in enumerate(points):
        y, end = top + row_height * (place + 0.5), frame.at_x(point.effect)
        parts.append(
            Markup(
                '<text class="label plain" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="16" rx="2"><title>{}</title></rect>'
                '<text class="value plain" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{:,}</text>'
            ).format(
                label - 10,
                y + 4.5,
                short(point.value, 20),
                min(zero, end),
                y - 8,
                max(abs(end - zero), 0.5),
                _rows(point),
                WIDTH - 52,
                y + 4.5,
                write(point.effect),
                WIDTH - 2,
                y + 4.5,
                point.rows,
            )
        )
    return svg(description, WIDTH, height, parts)


def _rows(point: EffectPoint) -> str:
    return f"{point.value}: {point.rows:,} rows"


def _grid(frame: Frame) -> Markup:
    parts = []
    for tick in frame.y.ticks(4):
        y = frame.at_y(tick)
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(frame.left, frame.right, y, y, frame.left - 8, y + 4, frame.y.write(tick))
        )
    for tick in frame.x.ticks():
        x = frame.at_x(tick)
        parts.append(
            Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                x, frame.bottom + 16, frame.x.write(tick)
            )
        )
    parts.append(
        Markup('<text class="title" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
            frame.left + frame.width / 2, frame.bottom + 33, frame.x.title
        )
    )
    return Markup("").join(parts)
