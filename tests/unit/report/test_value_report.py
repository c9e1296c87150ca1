"""The page of a regression says the right things, holds every chart, and is drawn by a browser as it should be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report_browser import BROWSER, PROBE, browse
from test_report_page import INGEST, VALIDATION, Page
from value_evaluation import evaluation_of, scored, spending

from tenure.evaluation.slice_reasons import TOO_FEW
from tenure.report import render
from tenure.report.unseen import unseen

LABEL, COLUMNS = spending()
CHARTS = 9


def page_of(evaluation: dict[str, Any]) -> tuple[str, Page]:
    html = render(evaluation, validation=VALIDATION, ingest=INGEST)
    return html, Page(html)


@pytest.fixture(scope="module")
def blessed() -> dict[str, Any]:
    return evaluation_of(LABEL, COLUMNS)


def test_first_screen_says_verdict_error_and_interval(blessed: dict) -> None:
    html, page = page_of(blessed)
    first = Page(html[html.index('<section class="hero') : html.index("</section>")] + "</section>").text
    assert "Blessed Ready to use" in first
    assert f"Off by, on average ${blessed['metrics']['mae']['value']:.2f}" in first
    assert "True value inside its interval 90 of 100 meant: 90 of 100" in first
    assert "It predicts what a customer spends in the next 90 days" in first
    assert "whose true value is not 0" in first
    assert "The intervals are too narrow for some: where about $2" in first
    assert "XGBoost was chosen among 3 families" in first
    assert "TotalCharges: 12 rows beyond the outer fences" in page.text


def test_every_chart_is_there_and_nothing_is_loaded(blessed: dict) -> None:
    html, page = page_of(blessed)
    assert html.count("<svg") == CHARTS
    assert "<script" not in html
    loaded = [
        value for tag, name, value in page.attributes if name in ("src", "href") and not value.startswith("data:")
    ]
    assert loaded == []
    assert "nan" not in re.findall(r"[a-z]+", html[html.index("<svg") :])


def test_every_line_and_every_section_stands_once(blessed: dict) -> None:
    html, _ = page_of(blessed)
    for tag in ("dt", "h2"):
        names = re.findall(rf"<{tag}>(.*?)</{tag}>", html)
        assert names
        assert sorted(set(names)) == sorted(names)


def test_a_slice_too_small_says_so(blessed: dict) -> None:
    assert re.search(r"an island far away \d\d too small: \d\d rows, at least 100 are needed", page_of(blessed)[1].text)


def test_first_screen_names_the_slices_of_which_nothing_is_shown(blessed: dict) -> None:
    reason = {"check": TOO_FEW, "outcome": "pass", "text": "Too few customers to show it: region = west."}
    verdict = blessed["verdict"] | {"reasons": [*blessed["verdict"]["reasons"], reason]}
    html, _ = page_of(blessed | {"verdict": verdict})
    first = Page(html[html.index('<section class="hero') : html.index("</section>")] + "</section>").text
    assert "so nothing is known of them: region = an island far away." in first
    assert reason["text"] in first
    every = [row | {"too_small": "too small: 3 rows"} for row in blessed["slices"]] * 9
    assert f"and {len(every) - 6} more." in unseen(blessed | {"slices": every})[0]
    assert unseen(blessed | {"slices": []}) == []


def test_champion_side_by_side_and_why_there_is_none() -> None:
    beside = page_of(evaluation_of(LABEL, COLUMNS, champion=scored(LABEL, 40.0, seed=9)))[1].text
    assert "they predict something else for" in beside
    assert "Difference, paired" in beside
    assert "The champion learned another label" in beside
    broken = page_of(evaluation_of(LABEL, COLUMNS, unreadable="it was trained for <classification>"))
    assert "could not be scored: it was trained for &lt;classification&gt;" in broken[0]
    assert "Not shown to be good enough yet" in broken[1].text


def test_rejected_and_undefined_figures_have_a_page_too() -> None:
    constant = scored(LABEL, 24.0)
    same = type(constant)(*(np.full(LABEL.size, value) for value in (70.0, 0.0, 300.0)), 0.9, constant.contacted)
    rejected = page_of(evaluation_of(LABEL, COLUMNS, said=same))[1].text
    assert "Do not use this model" in rejected
    zeros = page_of(evaluation_of(np.zeros(LABEL.size), COLUMNS, said=same))[1].text
    assert "All 1,200 rows of the test part have the same label" in zeros
    assert "has no meaning here: every true value is 0" in zeros


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1200])
def test_page_in_a_browser(tmp_path: Path, width: int) -> None:
    html = render(evaluation_of(LABEL, COLUMNS, champion=scored(LABEL, 40.0, seed=9)), validation=None, ingest=None)
    (tmp_path / "report.html").write_text(html)
    (tmp_path / "probe.html").write_text(PROBE.format(width=width))
    seen = browse(tmp_path, "probe.html", "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom")
    assert "CONSOLE" not in seen.stderr
    found = re.search(r'<pre id="found">(.*?)</pre>', seen.stdout)
    assert found is not None
    assert found[1] == f'{{"width":{width},"drawings":{CHARTS},"small":0,"cut":[]}}'
