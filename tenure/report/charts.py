"""Charts as inline SVG: no script, no library, coloured by the page's own style sheet.

Drawings are 440 units wide, about as many pixels as they get on a phone or in half a desktop page,
so that their text is readable on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tenure.report.scale import Axis, Frame

WIDTH = 440.0
HEIGHT = 300.0
LEFT, RIGHT, TOP, BOTTOM = 68.0, 22.0, 14.0, 46.0


@dataclass(frozen=True)
class Line:
    """A curve; ``style`` is a class of the style sheet."""

    x: Sequence[float]
    y: Sequence[float]
    style: str = "line"


@dataclass(frozen=True)
class Mark:
    """A point with words beside it."""

    x: float
    y: float
    text: str
    below: bool = True
    """Whether the words stand below the point: under a curve that rises through it."""


@dataclass(frozen=True)
class Interval:
    """A value with its interval; without a low and high end only the value is drawn."""

    label: str
    value: float
    low: float | None
    high: float | None
    written: str
    strong: bool = False


def line_chart(
    description: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    *,
    marks: Sequence[Mark] = (),
    limits: Sequence[tuple[float, str]] = (),
    below: Markup | None = None,
    above: Markup | None = None,
) -> Markup:
    """Curves over two axes; ``limits`` are vertical lines with their words, ``below`` and ``above`` are
    drawn under and over everything.
    """
    frame = Frame(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, x, y)
    parts = [_grid(frame), below or Markup()]
    # A mark near the foot of a limit has its words there.
    crowded = any(frame.at_y(mark.y) > frame.bottom - 40 for mark in marks)
    for place, limit in enumerate(limits):
        parts.append(_limit(frame, *limit, at_top=crowded, line=place))
    for line in lines:
        points = " ".join(f"{frame.at_x(px)},{frame.at_y(py)}" for px, py in zip(line.x, line.y, strict=True))
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(line.style, points))
    parts += [_mark(frame, mark) for mark in marks]
    return svg(description, WIDTH, HEIGHT, [*parts, above or Markup()])


def calibration_chart(
    description: str, x: Axis, y: Axis, bins: Sequence[dict[str, float]], histogram: Sequence[int]
) -> Markup:
    """Churn rate over predicted probability, a point with its interval a bin, above a histogram of the scores."""
    frame = Frame(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, x, y)
    tallest = max(histogram, default=0) or 1
    width = frame.width / max(1, len(histogram))
    bars = Markup("").join(
        Markup('<rect class="histogram" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            frame.left + index * width + 1,
            frame.bottom - 0.28 * frame.height * count / tallest,
            width - 2,
            0.28 * frame.height * count / tallest,
        )
        for index, count in enumerate(histogram)
    )
    points = Markup("").join(
        Markup(
            '<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><circle class="dot" cx="{0}" cy="{3}" r="4.5"/>'
        ).format(
            frame.at_x(row["probability"]), frame.at_y(row["low"]), frame.at_y(row["high"]), frame.at_y(row["rate"])
        )
        for row in bins
    )
    ideal = Line((x.low, x.high), (y.low, y.high), "reference")
    return line_chart(description, x, y, (ideal,), below=bars, above=points)


def interval_chart(
    description: str, x: Axis, rows: Sequence[Interval], reference: tuple[float, str] | None = None
) -> Markup:
    """One line a row: label, value with interval, the value written out."""
    left, right, row_height, top = 148.0, 62.0, 34.0, 12.0
    height = top + row_height * len(rows) + 44.0
    frame = Frame(left, top, WIDTH - left - right, row_height * len(rows), x, Axis("", 0.0, 1.0, str))
    parts = [_vertical_grid(frame)]
    if reference is not None:
        parts.append(_limit(frame, *reference))
    for index, row in enumerate(rows):
        y = round(frame.top + row_height * (index + 0.5), 1)
        style = "strong" if row.strong else "plain"
        parts.append(
            Markup('<text class="label {}" x="{}" y="{}" text-anchor="end">{}</text>').format(
                style, left - 12, y + 4.5, short(row.label, 20)
            )
        )
        if row.low is not None and row.high is not None:
            ends = frame.at_x(max(x.low, row.low)), frame.at_x(min(x.high, row.high))
            parts.append(
                Markup('<line class="interval {}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(style, *ends, y, y)
            )
        parts.append(Markup('<circle class="dot {}" cx="{}" cy="{}" r="5.5"/>').format(style, frame.at_x(row.value), y))
        parts.append(
            Markup('<text class="value {}" x="{}" y="{}" text-anchor="end">{}</text>').format(
                style, WIDTH - 2, y + 4.5, row.written
            )
        )
    return svg(description, WIDTH, height, parts)


def bar_chart(description: str, rows: Sequence[Interval], title: str) -> Markup:
    """Horizontal bars from zero, longest first, with a whisker each."""
    left, right, row_height, top = 148.0, 58.0, 28.0, 6.0
    longest = max((max(row.value, row.high or 0.0) for row in rows), default=0.0) or 1.0
    height = top + row_height * len(rows) + 26.0
    scale = (WIDTH - left - right) / longest
    parts = [Markup('<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(left, top, height - 24)]
    for index, row in enumerate(rows):
        y = top + row_height * (index + 0.5)
        length = max(0.0, row.value) * scale
        parts.append(
            Markup(
                '<text class="label plain" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                '<rect class="bar" x="{}" y="{:.1f}" width="{:.1f}" height="16" rx="2"/>'
            ).format(left - 10, y + 4.5, short(row.label, 20), left, y - 8, length)
        )
        if row.low is not None and row.high is not None and row.high > 0:
            ends = left + max(0.0, row.low) * scale, left + row.high * scale
            parts.append(
                Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(*ends, y, y)
            )
        parts.append(
            Markup('<text class="value plain" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                WIDTH - 2, y + 4.5, row.written
            )
        )
    parts.append(Markup('<text class="title" x="{}" y="{:.1f}">{}</text>').format(left, height - 6, title))
    return svg(description, WIDTH, height, parts)


def svg(description: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    """A drawing of ``parts``; ``description`` is for those who cannot see it."""
    return Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">{}</svg>').format(
        width, height, description, Markup("").join(parts)
    )


def _grid(frame: Frame) -> Markup:
    parts = [_vertical_grid(frame)]
    for tick in frame.y.ticks():
        y = frame.at_y(tick)
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(frame.left, frame.right, y, y, frame.left - 8, y + 4, frame.y.write(tick))
        )
    middle = frame.top + frame.height / 2
    parts.append(
        Markup(
            '<text class="title" transform="translate(12 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
        ).format(middle, frame.y.title)
    )
    return Markup("").join(parts)


def _vertical_grid(frame: Frame) -> Markup:
    parts = []
    for tick in frame.x.ticks():
        x = frame.at_x(tick)
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>'
            ).format(x, x, frame.top, frame.bottom, x, frame.bottom + 17, frame.x.write(tick))
        )
    parts.append(
        Markup('<text class="title" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
            frame.left + frame.width / 2, frame.bottom + 36, frame.x.title
        )
    )
    return Markup("").join(parts)


def _limit(frame: Frame, value: float, words: str, *, at_top: bool = False, line: int = 0) -> Markup:
    """A vertical line; its words stand at its foot, ``line`` lines of text above it, or so many below its top."""
    x = frame.at_x(value)
    # The words stand on the side that has more room.
    side, anchor = (x + 6, "start") if x < frame.left + frame.width / 2 else (x - 6, "end")
    return Markup(
        '<line class="limit" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<text class="note" x="{3}" y="{4}" text-anchor="{5}">{6}</text>'
    ).format(
        x,
        frame.top,
        frame.bottom,
        round(side, 1),
        frame.top + 12 + 16 * line if at_top else frame.bottom - 8 - 16 * line,
        anchor,
        words,
    )


def _mark(frame: Frame, mark: Mark) -> Markup:
    x, y = frame.at_x(mark.x), frame.at_y(mark.y)
    to_right = x < frame.left + 0.55 * frame.width
    text_x = x + 11 if to_right else x - 11
    text_y = min(y + 20, frame.bottom - 5) if mark.below else max(y - 10, frame.top + 12)
    return Markup(
        '<circle class="chosen" cx="{}" cy="{}" r="6"/><text class="mark" x="{}" y="{}" text-anchor="{}">{}</text>'
    ).format(x, y, round(text_x, 1), round(text_y, 1), "start" if to_right else "end", mark.text)


def short(text: str, most: int) -> Markup:
    """A label that fits; the whole text shows on hovering."""
    if len(text) <= most:
        return escape(text)
    return Markup("{}…<title>{}</title>").format(text[: most - 1], text)
