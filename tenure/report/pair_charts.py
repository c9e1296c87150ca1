"""Charts of two distributions side by side, a pair of bars a bin or a value. See ``tenure.report.charts``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from tenure.number_text import percent
from tenure.report.charts import WIDTH, short, svg
from tenure.report.scale import Axis, Frame

HEIGHT = 176.0
MOST_NAMED_BINS = 4
"""With so few bins each is named under its bars; with more, the limits between them are."""
DIGIT = 7.2
"""Width of a character of a tick, about."""


@dataclass(frozen=True)
class Pair:
    """Shares of the reference and of the current rows, 0 to 1."""

    label: str
    reference: float
    current: float

    @property
    def written(self) -> str:
        """Both shares, for hovering."""
        return f"{self.label}: {percent(self.reference)} of the reference, {percent(self.current)} now"


def column_pairs(
    description: str,
    edges: Sequence[float],
    reference: Sequence[float],
    current: Sequence[float],
    write: Callable[[float], str],
    *,
    beside: Sequence[Pair] = (),
) -> Markup:
    """Upright pairs of bars, one a bin of a number.

    Args:
        description: for those who cannot see the drawing.
        edges: limits between the bins, ascending; (bins - 1,). The outer bins are open.
        reference, current: shares by bin; (bins,).
        write: a limit as text.
        beside: further pairs to the right of the bins, such as the missing values.
    """
    limits = [write(edge) for edge in edges]
    bins = [Pair(*row) for row in zip(_names(limits), reference, current, strict=True)]
    pairs = [*bins, *beside]
    highest = max((max(pair.reference, pair.current) for pair in pairs), default=0.0) or 1.0
    shares = Axis("", 0.0, 1.06 * highest, lambda share: f"{100 * share:.3g} %")
    slots = len(pairs) + 0.5 * bool(beside)
    frame = Frame(50.0, 8.0, WIDTH - 54.0, HEIGHT - 38.0, Axis("", 0.0, slots, str), shares)
    parts = [_share_grid(frame)]
    middles = []
    for index, pair in enumerate(pairs):
        middle = index + 0.5 + (0.5 if index >= len(bins) else 0.0)
        middles.append(frame.at_x(middle))
        parts.append(_upright(frame, middle, pair))
    named = len(bins) <= MOST_NAMED_BINS
    places = list(zip(middles, (pair.label for pair in pairs), strict=True))
    if not named:
        between = [(frame.at_x(place), limit) for place, limit in enumerate(limits, 1)]
        places = [*between, *places[len(bins) :]]
    parts.append(_ticks(frame, places))
    return svg(description, WIDTH, HEIGHT, parts)


def bar_pairs(description: str, pairs: Sequence[Pair]) -> Markup:
    """Level pairs of bars, one a value, with both shares written out."""
    left, right, row_height, top = 148.0, 62.0, 36.0, 2.0
    longest = max((max(pair.reference, pair.current) for pair in pairs), default=0.0) or 1.0
    scale = (WIDTH - left - right) / longest
    height = top + row_height * len(pairs) + 4.0
    parts = [Markup('<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(left, top, height)]
    for index, pair in enumerate(pairs):
        y = top + row_height * index + 4.0
        parts.append(
            Markup('<text class="label plain" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                left - 10, y + 18.5, short(pair.label, 20)
            )
        )
        for place, (style, share) in enumerate((("reference-bar", pair.reference), ("current-bar", pair.current))):
            parts.append(
                Markup(
                    '<rect class="{}" x="{}" y="{:.1f}" width="{:.1f}" height="13"><title>{}</title></rect>'
                    '<text class="{}" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                ).format(
                    style,
                    left,
                    y + 14 * place,
                    share * scale,
                    pair.written,
                    "value plain" if place else "value",
                    WIDTH - 2,
                    y + 14 * place + 11,
                    percent(share),
                )
            )
    return svg(description, WIDTH, height, parts)


def _names(limits: Sequence[str]) -> list[str]:
    """The bins by their limits."""
    if not limits:
        return ["any value"]
    between = [f"{low} to {high}" for low, high in pairwise(limits)]
    return [f"≤ {limits[0]}", *between, f"> {limits[-1]}"]


def _upright(frame: Frame, middle: float, pair: Pair) -> Markup:
    width = frame.width / (frame.x.high - frame.x.low) * 0.38
    x = frame.at_x(middle)
    return Markup("").join(
        Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
            style, x + start, frame.at_y(share), width, frame.bottom - frame.at_y(share), pair.written
        )
        for style, share, start in (("reference-bar", pair.reference, -width), ("current-bar", pair.current, 0.0))
    )


def _share_grid(frame: Frame) -> Markup:
    return Markup("").join(
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(
            frame.left,
            frame.right,
            frame.at_y(tick),
            frame.at_y(tick),
            frame.left - 8,
            frame.at_y(tick) + 4,
            frame.y.write(tick),
        )
        for tick in frame.y.ticks(3)
    )


def _ticks(frame: Frame, places: Sequence[tuple[float, str]]) -> Markup:
    """Words under the axis at their places; those that would cover their left neighbour are left out."""
    parts, free_from = [], 0.0
    for x, words in places:
        half = DIGIT * len(words) / 2
        at = min(x, frame.right - half + 4)
        if at - half < free_from:
            continue
        free_from = at + half + DIGIT
        parts.append(
            Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
                at, frame.bottom + 18, words
            )
        )
    return Markup("").join(parts)
