"""The trials of a search, a small panel a family, as inline SVG. See ``tenure.report.charts``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tenure.report.charts import WIDTH, short, svg
from tenure.report.scale import Axis, Frame

COLUMNS = 2
PANEL_HEIGHT = 118.0
TOP, BOTTOM, LEFT, GAP = 22.0, 18.0, 46.0, 14.0


@dataclass(frozen=True)
class Point:
    """A trial."""

    y: float
    hollow: bool
    """Whether it was stopped before its end."""
    best: bool


@dataclass(frozen=True)
class Panel:
    """A family's trials, in the order of the search."""

    title: str
    points: Sequence[Point]


def trial_panels(description: str, y: Axis, panels: Sequence[Panel]) -> Markup:
    """Dots by number of trial and value, all panels with the same ``y``; values beyond it are drawn at its end."""
    width = (WIDTH - LEFT - GAP * (COLUMNS - 1)) / COLUMNS
    most = max((len(panel.points) for panel in panels), default=1)
    lines = -(-len(panels) // COLUMNS)
    parts = []
    for index, panel in enumerate(panels):
        line, column = divmod(index, COLUMNS)
        frame = Frame(
            LEFT + column * (width + GAP),
            TOP + line * PANEL_HEIGHT,
            width,
            PANEL_HEIGHT - TOP - BOTTOM,
            Axis("", 0.0, most + 1.0, str),
            y,
        )
        parts += [_grid(frame, named=column == 0), _title(frame, panel.title), *(_dots(frame, panel.points))]
    return svg(description, WIDTH, TOP + lines * PANEL_HEIGHT - 8.0, parts)


def _grid(frame: Frame, *, named: bool) -> Markup:
    found = []
    for tick in frame.y.ticks(3):
        at = frame.at_y(tick)
        found.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(frame.left, frame.right, at, at)
        )
        if named:
            found.append(
                Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(
                    frame.left - 6, at + 4, frame.y.write(tick)
                )
            )
    return Markup("").join(found)


def _title(frame: Frame, title: str) -> Markup:
    return Markup('<text class="label plain" x="{}" y="{}">{}</text>').format(
        frame.left, frame.top - 6, short(title, 26)
    )


def _dots(frame: Frame, points: Sequence[Point]) -> list[Markup]:
    found = []
    for number, point in enumerate(points, 1):
        style = "chosen" if point.best else "hollow" if point.hollow else "dot"
        found.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
                style,
                frame.at_x(number),
                frame.at_y(min(frame.y.high, max(frame.y.low, point.y))),
                4 if point.best else 3,
            )
        )
    return found
