"""Direction and shape of effects, and the columns that act together, as the report shows them."""

from typing import Any

import pytest
from test_report_page import page_of
from value_evaluation import evaluation_of as value_evaluation
from value_evaluation import spending

from tenure.report.effects import shown_effects


@pytest.fixture(scope="module")
def blessed(make_evaluation: Any, drawn: dict) -> dict[str, Any]:
    return make_evaluation(**drawn, samples=50)


def test_the_page_tells_direction_unit_and_rows(blessed: dict) -> None:
    html, page = page_of(blessed)
    text = page.text
    assert (
        "column_0 in months. The higher, the lower the probability: from +30 pts at 0 months to -20 pts at 72" in text
    )
    assert "13 rows without a number are not drawn." in text
    assert "column_1 what it means. The probability is highest for Month-to-month (+8 pts)" in text
    assert "lowest for <b>Two</b> (-10 pts)" in text and "<b>Two</b>" not in html
    assert "The effect of column_0 depends on column_1 : 12 % of it." in text
    for rows in ("500 rows", "600 rows", "17 rows"):
        assert rows in html
    assert "missing" in text


def test_a_model_whose_columns_add_up_says_so(blessed: dict) -> None:
    assert "No two of the most important columns act together" in page_of({**blessed, "interactions": []})[1].text


def test_a_page_without_effects(blessed: dict) -> None:
    text = page_of({**blessed, "effects": [], "interactions": []})[1].text
    assert "In which direction" not in text and "act together" not in text


def test_an_effect_that_turns_is_not_one_way() -> None:
    points = [{"value": v, "effect": e, "rows": 5} for v, e in ((0, 0.1), (5, -0.2), (9, 0.15))]
    known = {"column": "age", "description": None, "unit": None}
    effect = {"column": "age", "kind": "number", "points": points, "others": 0}
    (found,) = shown_effects({"effects": [effect], "importance": [known]}, "the value", "{:+.2f}".format)
    assert found.words == "not one way: highest at 9 (+0.15), lowest at 5 (-0.20)"


def test_a_regression_has_effects_in_its_unit() -> None:
    text = page_of(value_evaluation(*spending()))[1].text
    assert "How much the predicted value moves with the column" in text and "in USD" in text
    assert "The higher, the lower the value: from +$0.30 at 0 months to -$0.20 at 72 months" in text
