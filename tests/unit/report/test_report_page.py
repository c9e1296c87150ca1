"""The page says the right things, escapes what it is given, holds every chart, and loads nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tenure.report import render
from tenure.report.fairness import fairness

VOID = {"meta", "link", "br", "img", "input", "hr"}
VALIDATION = {
    "checks": [
        {"name": "columns", "level": "pass", "message": "21 columns"},
        {"name": "outliers", "level": "warn", "message": "TotalCharges: 12 rows beyond the outer fences"},
        {"name": "classes", "level": "pass", "message": "'Churn' is 'Yes' in 26 % of rows: these left"},
    ]
}
INGEST = {"extra_columns": ["note"], "defaulted_columns": []}


class Page(HTMLParser):
    """Checks that tags nest, and keeps attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(evaluation: dict[str, Any]) -> tuple[str, Page]:
    html = render(evaluation, validation=VALIDATION, ingest=INGEST)
    return html, Page(html)


@pytest.fixture(scope="module")
def blessed(make_evaluation: Any, drawn: dict) -> dict[str, Any]:
    return make_evaluation(**drawn)


def test_first_screen_says_verdict_worth_contacts_and_quality(blessed: dict) -> None:
    html, page = page_of(blessed)
    first = Page(html[html.index('<section class="hero') : html.index("</section>")] + "</section>").text
    profit = blessed["metrics"]["profit_per_period"]["value"]
    assert "Blessed Ready to use" in first
    assert f"What it is worth in one campaign ${profit:,.0f}" in first
    assert "Customers to contact in one campaign" in first
    assert re.search(r"ranks the leaver as riskier \d\d times out of 100", first)
    assert "XGBoost was chosen among 4 families" in first
    assert "TotalCharges: 12 rows beyond the outer fences" in page.text
    assert "left out: note" in page.text
    assert "'Churn' is 'Yes' in 26 % of rows: these left." in page.text


def test_rows_that_are_set_aside_are_counted(blessed: dict) -> None:
    assert "set aside" not in page_of(blessed)[1].text
    rows = {**blessed["rows"], "set_aside": 454}
    assert "454 set aside for their label" in page_of({**blessed, "rows": rows})[1].text


def test_rows_of_several_tables_are_counted(blessed: dict) -> None:
    rows = {**blessed["rows"], "orphaned": 45, "duplicates": 6}
    counts = {"read": 1_000, "rejected": 1, "quarantined": 2, "good": 990, "orphaned": 45, "duplicates": 6}
    tables = {name: counts | {"superseded": 78, "late": 910} for name in ("people", "sessions")}
    page = render({**blessed, "rows": rows}, validation={"checks": [], "tables": tables}, ingest=None)
    data = page[page.index('<section id="data">') :]
    for told in ("<b>45</b>of unknown customers", "<b>6</b>copies of a version", '<td data-label="Late">910</td>'):
        assert told in data


def test_every_chart_is_there_and_is_well_formed(blessed: dict) -> None:
    html, _ = page_of(blessed)
    drawings = re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)
    titles = [ET.fromstring(drawing).get("aria-label") for drawing in drawings]
    assert len(drawings) == 9
    for start in (
        "Profit",
        "Share of all churners",
        "Effect of column_0 on the probability",
        "Effect of column_1 on the probability",
        "ROC-AUC of each",
        "Receiver",
        "Precision",
        "Churn rate",
        "Loss of",
    ):
        assert any(title.startswith(start) for title in titles), start


def test_every_line_of_the_card_stands_once(blessed: dict) -> None:
    names = re.findall("<dt>(.*?)</dt>", page_of(blessed)[0])
    assert names
    assert sorted(set(names)) == sorted(names)


def test_points_lie_inside_their_drawing(blessed: dict) -> None:
    html, _ = page_of(blessed)
    for drawing in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL):
        root = ET.fromstring(drawing)
        _, _, width, height = (float(number) for number in root.get("viewBox").split())
        for line in root.iter("polyline"):
            places = np.array([[float(number) for number in point.split(",")] for point in line.get("points").split()])
            assert (places >= 0).all()
            assert (places[:, 0] <= width).all()
            assert (places[:, 1] <= height).all()
        for circle in root.iter("circle"):
            assert 0 <= float(circle.get("cx")) <= width
            assert 0 <= float(circle.get("cy")) <= height


def test_page_loads_nothing_and_runs_nothing(blessed: dict) -> None:
    html, page = page_of(blessed)
    assert "<script" not in html
    assert "@import" not in html
    assert "url(" not in html
    assert [value for _, name, value in page.attributes if name in ("src", "href", "srcset")] == ["data:,"]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_text_from_data_cannot_become_markup(make_evaluation: Any, drawn: dict) -> None:
    attack = "<img src=x onerror=alert(1)>\"'&"
    columns = {attack: [attack if senior else "no" for senior in drawn["columns"]["senior"]]}
    evaluation = make_evaluation(drawn["label"], drawn["probabilities"], columns)
    evaluation["name"] = evaluation["description"] = attack
    evaluation["importance"][1] |= {"column": attack, "description": attack, "unit": attack}
    evaluation["effects"][1]["column"] = attack
    evaluation["effects"][1]["points"][0]["value"] = attack
    evaluation["interactions"][0]["columns"][0] = attack
    evaluation["slices"][0]["description"] = attack
    evaluation["versions"]["code_version"] = attack
    evaluation["families"][0]["family"] = attack
    evaluation["not_used"] = [{"column": attack, "reason": "equal", "other": attack, "message": f"equal to {attack}"}]
    html = render(
        evaluation,
        validation={"checks": [{"name": "classes", "level": "warn", "message": attack}]},
        ingest={"extra_columns": [attack], "defaulted_columns": [attack]},
    )
    page = Page(html)
    assert not [tag for tag, *_ in page.attributes if tag == "img"]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("onerror=alert(1)") > 5


def test_small_slices_say_so_and_show_no_figures(blessed: dict) -> None:
    assert any(row["too_small"] for row in blessed["slices"])
    _, page = page_of(blessed)
    assert "too small: " in page.text


def test_champion_and_candidate_stand_side_by_side(make_evaluation: Any, drawn: dict) -> None:
    generator = np.random.default_rng(0)
    weak = np.clip(0.3 + 0.05 * generator.normal(size=drawn["label"].size), 0.0, 1.0)
    evaluation = make_evaluation(**drawn, champion=weak)
    _, page = page_of(evaluation)
    assert evaluation["verdict"]["state"] == "bless"
    assert "Better than the model that is live" in page.text
    assert "Champion: version 3" in page.text
    assert "it may have seen these test rows" in page.text


def test_an_unreadable_champion_is_explained(make_evaluation: Any, drawn: dict) -> None:
    _, page = page_of(make_evaluation(**drawn, unreadable="model.onnx has changed"))
    assert "Inconclusive Not shown to be good enough yet" in page.text
    assert "could not be scored: model.onnx has changed" in page.text
    assert "Bring the champion's files back" in page.text


def test_an_override_is_shown_with_its_reason(make_evaluation: Any, drawn: dict) -> None:
    evaluation = make_evaluation(**drawn, unreadable="gone")
    evaluation["override"] = "the board wants it"
    _, page = page_of(evaluation)
    assert 'A person decided to register it all the same: "the board wants it"' in page.text


def test_a_rejected_model_says_not_to_use_it(make_evaluation: Any, drawn: dict) -> None:
    strict = SimpleNamespace(
        min_roc_auc=0.99, min_recall=0.0, min_precision=0.0, max_calibration_error=0.1, confidence=0.95
    )
    html, page = page_of(make_evaluation(**drawn, acceptance=strict))
    assert "Rejected Do not use this model" in page.text
    assert 'class="hero reject"' in html


@pytest.mark.parametrize("one_class", [0, 1])
def test_one_class_renders_without_the_charts_it_does_not_allow(
    make_evaluation: Any, drawn: dict, one_class: int
) -> None:
    label = np.full(drawn["label"].size, one_class)
    evaluation = make_evaluation(label, drawn["probabilities"], {}, samples=20)
    evaluation |= {"importance": [], "effects": [], "interactions": []}
    html, page = page_of(evaluation)
    assert "no model can be judged on it" in page.text
    assert "Receiver operating" not in html
    assert html.count("<svg") in (2, 3)


def test_what_the_model_does_not_read_is_listed(blessed: dict) -> None:
    left_out = [{"column": "Old plan", "reason": "equal", "other": "plan", "message": "equal to plan"}]
    assert "equal to plan" in page_of(blessed | {"not_used": left_out})[1].text
    assert "Not read by the model" not in page_of(blessed | {"not_used": []})[1].text


def test_a_model_that_contacts_nobody_renders(make_evaluation: Any, drawn: dict) -> None:
    low = {name: probability * 0.01 for name, probability in drawn["probabilities"].items()}
    _, page = page_of(make_evaluation(drawn["label"], low, {}))
    assert "it contacts nobody" in page.text
    assert "Do not use this model" in page.text


def test_thresholds_of_segments_and_of_a_policy_are_told(make_evaluation: Any, drawn: dict) -> None:
    segments = [
        {"name": "dear", "column": "MonthlyCharges", "values": None, "at_least": 90.0, "threshold": 0.1},
        {"name": "bound", "column": "Contract", "values": ["One year", "Two year"], "at_least": None, "threshold": 0.2},
    ]
    segments = [segment | {"customer_value": worth} for segment, worth in zip(segments, (3_000.0, None), strict=True)]
    evaluation = make_evaluation(**drawn)
    expected = evaluation["chosen"]["expected"] | {"policy": "precision", "target": 0.9, "target_met": False}
    _, page = page_of(evaluation | {"chosen": evaluation["chosen"] | {"segments": segments, "expected": expected}})
    assert "from 10.0 % where MonthlyCharges is 90 or more (dear, worth $3,000 each)" in page.text
    assert "from 20.0 % where Contract is One year or Two year (bound)" in page.text
    assert "chosen for a precision of 90 %, which was not reached" in page.text


def test_the_card_says_what_a_bundle_holds_and_how_it_is_explained(make_evaluation: Any, drawn: dict) -> None:
    evaluation = make_evaluation(**drawn)
    _, page = page_of(evaluation)
    assert "No row of a customer" in page.text
    assert "computed exactly" in page.text
    chosen = evaluation["chosen"] | {"customers_held": 2_016, "sampled_walks": 32}
    _, page = page_of(evaluation | {"chosen": chosen})
    assert "up to 2,016 real customers of those it was trained on" in page.text
    whole = evaluation["rows"]["train"] + evaluation["rows"]["validation"]
    training = evaluation["training"] | {"rows": {"held_out": whole}}
    _, page = page_of(evaluation | {"chosen": chosen, "training": training})
    chosen_by = "family, calibration and threshold were chosen by predictions for"
    assert f"{whole:,} customers; {chosen_by} {whole:,} of them, each by a model that was not fitted on it" in page.text
    assert "estimated from 32 walks" in page.text


def test_the_card_says_what_answers_should_the_model_fail(make_evaluation: Any, drawn: dict) -> None:
    evaluation = make_evaluation(**drawn)
    _, page = page_of(evaluation)
    assert "answers with the base rate, marked as such" in page.text
    chosen = evaluation["chosen"] | {"companion": {"validation_score": 0.8312, "own_score": 0.8461}}
    _, page = page_of(evaluation | {"chosen": chosen})
    assert "answers with a linear model, marked as such" in page.text
    assert "ROC-AUC on the rows held out in training is 0.831; this model's is 0.846." in page.text


def test_the_card_says_how_far_apart_the_parts_are(make_evaluation: Any, drawn: dict) -> None:
    _, page = page_of(make_evaluation(**drawn))
    assert re.search(r"\w+: contacted \d+ % \(\w+\) to \d+ % \(\w+\); leavers reached \d+ %", page.text)
    small = fairness({"region": [{"value": "north", "too_small": "too small: 9 rows", "metrics": {}}]})
    assert small == ["region: every part is too small to judge."]
    parts = [
        {"value": "a", "too_small": None, "metrics": {"contacted_share": {"value": 0.1}, "recall": {"value": None}}},
        {"value": "b", "too_small": None, "metrics": {"contacted_share": {"value": 0.3}, "recall": {"value": 0.5}}},
        {"value": "c", "too_small": "too small: 9 rows", "metrics": {}},
    ]
    assert fairness({"plan": parts}) == [
        "plan: contacted 10 % (a) to 30 % (b); leavers reached 50 % (b); 1 of 3 parts too small to judge."
    ]


def by_segment(**changes: Any) -> dict[str, Any]:
    """As ``record_segments`` makes it: one segment, and all customers."""
    none = {"value": None, "low": None, "high": None}
    some = {"value": 0.25, "low": 0.2, "high": 0.3}
    row = {
        "kind": "segment",
        "name": "One <b>year",
        "threshold": 0.2,
        "own_threshold": False,
        "threshold_gain": {"mean": 0.125, "error": 0.25, "changed": 40},
        "shift": 0.0,
        "own_calibration": False,
        "log_loss_gain": {"mean": 0.0, "error": 0.0, "changed": 300},
        "rows": 300,
        "share": 0.3,
        "left": 75,
        "too_small": None,
        "rate": some,
        "mean_probability": 0.24,
        "calibration": {"difference": none, "outcome": "as predicted"},
        "contacted": 90,
        "metrics": dict.fromkeys(("roc_auc", "precision", "recall", "profit_per_period"), some),
    }
    whole = row | {"kind": "all", "name": "", "threshold_gain": None, "rows": 1_000, "share": 1.0}
    return {
        "column": "Contract",
        "description": "Notice period",
        "min_customers": 200,
        "min_of_each_class": 30,
        "segments": [row | changes, whole],
    }


def test_segments_say_what_is_their_own_and_what_is_undecided(blessed: dict) -> None:
    assert "Segments by" not in page_of(blessed)[1].text
    html, page = page_of(blessed | {"by_segment": by_segment()})
    assert "Segments by Contract" in page.text
    assert "at least 200 customers" in page.text
    assert "One <b>year" in page.text
    assert "<b>year" not in html
    assert "20.0 % common gain +0.12 ± 0.25" in page.text
    assert "agrees common" in page.text
    own = by_segment(own_threshold=True, threshold=2.0, own_calibration=True, shift=-0.5)
    _, page = page_of(blessed | {"by_segment": own})
    assert "nobody its own gain" in page.text
    assert "its own: -0.50" in page.text
    small = by_segment(
        too_small="too small: 9 churners among 300 rows, at least 10 are needed", metrics={}, calibration=None
    )
    _, page = page_of(blessed | {"by_segment": small})
    assert "undecided: too few: 9 churners among 300 rows" in page.text
    empty = by_segment()
    empty["segments"] = empty["segments"][1:]
    assert "No value has enough customers" in page_of(blessed | {"by_segment": empty})[1].text


def test_thresholds_of_segments_by_a_column_are_told_where_they_are_own(make_evaluation: Any, drawn: dict) -> None:
    evaluation = make_evaluation(**drawn)
    common = evaluation["chosen"]["threshold"]
    row = {"column": "Contract", "at_least": None, "customer_value": None}
    segments = [
        row | {"name": "One year", "values": ["One year"], "threshold": 0.2},
        row | {"name": "Two year", "values": ["Two year"], "threshold": common},
        row | {"name": "Three year", "values": ["Three year"], "threshold": 2.0},
    ]
    expected = evaluation["chosen"]["expected"] | {"by": {"column": "Contract"}}
    _, page = page_of(evaluation | {"chosen": evaluation["chosen"] | {"segments": segments, "expected": expected}})
    assert "from 20.0 % where Contract is One year, nobody where Contract is Three year." in page.text
