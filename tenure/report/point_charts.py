"""More charts as inline SVG: points with whiskers, and histograms. See ``tenure.report.charts``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tenure.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, line_chart
from tenure.report.scale import Axis, Frame


@dataclass(frozen=True)
class Whisker:
    """A point with an interval, upright."""

    x: float
    y: float
    low: float
    high: float


def whisker_chart(
    description: str,
    x: Axis,
    y: Axis,
    points: Sequence[Whisker],
    *,
    reference: Line,
    cloud: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Points with whiskers over a dashed reference; ``cloud`` is drawn faintly under them, as far as it fits."""
    frame = _frame(x, y)
    faint = Markup("").join(
        Markup('<circle class="faint" cx="{}" cy="{}" r="2"/>').format(frame.at_x(px), frame.at_y(py))
        for px, py in cloud
        if x.low <= px <= x.high and y.low <= py <= y.high
    )
    strong = Markup("").join(
        Markup(
            '<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><circle class="dot" cx="{0}" cy="{3}" r="4.5"/>'
        ).format(
            frame.at_x(point.x),
            frame.at_y(max(y.low, point.low)),
            frame.at_y(min(y.high, point.high)),
            frame.at_y(min(y.high, max(y.low, point.y))),
        )
        for point in points
    )
    return line_chart(description, x, y, (reference,), below=faint, above=strong)


def histogram_chart(description: str, x: Axis, y: Axis, counts: Sequence[int], *, reference: float) -> Markup:
    """Bars of equal width over the whole of ``x``, with a dashed line at ``reference``."""
    frame = _frame(x, y)
    width = frame.width / max(1, len(counts))
    bars = Markup("").join(
        Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            frame.left + index * width + 0.5, frame.at_y(count), width - 1, frame.bottom - frame.at_y(count)
        )
        for index, count in enumerate(counts)
    )
    inside = x.low <= reference <= x.high
    lines = (Line((reference, reference), (y.low, y.high), "reference"),) if inside else ()
    return line_chart(description, x, y, lines, below=bars)


def _frame(x: Axis, y: Axis) -> Frame:
    return Frame(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, x, y)
