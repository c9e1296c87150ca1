"""Charts: words that must not lie on each other."""

from __future__ import annotations

import re

import pytest

from tenure.report.charts import Axis, Line, Mark, line_chart


def height_of(words: str, picture: str) -> float:
    found = re.search(rf'<text[^>]* y="([\d.]+)"[^>]*>{words}<', picture)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize("y", [0.0, 0.05, 0.5, 1.0])
def test_a_limit_has_its_words_where_no_mark_is(y: float) -> None:
    axes = [Axis(title, 0.0, 1.0, str) for title in ("contacted", "profit")]
    marks = [Mark(0.1, y, "chosen")]
    picture = str(line_chart("profit", *axes, [Line((0.0, 1.0), (0.0, 1.0))], marks=marks, limits=[(0.1, "limit")]))
    assert abs(height_of("chosen", picture) - height_of("limit", picture)) > 14
