"""The drift report says what was found, escapes it, holds every chart, and loads nothing."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from test_report_browser import BROWSER, PROBE, browse
from test_report_page import Page

from tenure import bundle
from tenure.bundle import Bundle
from tenure.monitoring import compare
from tenure.parsing import parse_batch
from tenure.report.monitoring import render
from tenure.report.pair_charts import Pair, bar_pairs, column_pairs
from tenure.stats import ScoreProfile, build

ATTACK = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def model(small_bundle: Any) -> Bundle:
    """The small bundle with the distribution of its rows."""
    read = bundle.read(small_bundle.folder)
    rows = small_bundle.rows.select(list(read.contract.inputs)).combine_chunks().to_batches()[0]
    parsed, _ = parse_batch(rows, read.contract.inputs)
    scores = read.predict({name: parsed.column(name) for name in parsed.schema.names}).score
    profile = build([parsed], read.contract.inputs).to_dict() | {"scores": ScoreProfile.of(scores).to_dict()}
    return replace(read, profile=profile)


def changed(rows: pa.Table, name: str, every: int, value: str) -> pa.Table:
    values = [value if place % every == 0 else old for place, old in enumerate(rows[name].to_pylist())]
    return rows.set_column(rows.column_names.index(name), name, pa.array(values))


@pytest.fixture(scope="module")
def moved(model: Bundle, small_bundle: Any) -> dict[str, Any]:
    """Everybody pays by the month, some by a way that the training part lacks; rows and values are missing."""
    rows = changed(small_bundle.rows, "Contract", 1, "Month-to-month")
    rows = changed(rows, "PaymentMethod", 7, "Gift card")
    rows = changed(rows, "TotalCharges", 4, "")
    return compare(model, changed(rows, "tenure", 40, "many")).to_dict()


def test_the_first_screen_says_verdict_reasons_and_distances(moved: dict) -> None:
    html = render(moved)
    first = Page(html[html.index('<section class="hero reject') : html.index("</section>")] + "</section>").text
    assert first.startswith("Retrain Train a new model")
    assert "Customers compared 1,170 30 rows could not be read" in first
    assert "Inputs that moved 3 of 18 3 of them far" in first
    assert f"Largest distance (PSI) {moved['columns']['Contract']:.2f} Contract; retrain from 0.25 on" in first
    for reason in moved["reasons"]:
        assert reason in first
    assert moved["notes"][0] in first


def test_the_table_of_inputs_shows_distance_missing_and_new_values(moved: dict) -> None:
    page = Page(render(moved)).text
    psi = moved["columns"]
    assert f"Contract moved far {psi['Contract']:.3f} 0.0 % 0.0 % –" in page
    missing = 100 * moved["inputs"]["TotalCharges"]["current"]["missing"]
    assert missing > 20
    assert f"TotalCharges moved far {psi['TotalCharges']:.3f} 0.3 % {missing:.1f} % –" in page
    share = moved["inputs"]["PaymentMethod"]["new_values"]["share"]
    assert f"PaymentMethod moved far {psi['PaymentMethod']:.3f} 0.0 % 0.0 % Gift card ({100 * share:.1f} %)" in page
    assert f"Partner {psi['Partner']:.3f} 0.0 % 0.0 % –" in page
    order = [page.index(f"{name}{' moved far' if value > 0.25 else ''} {value:.3f} ") for name, value in psi.items()]
    assert order == sorted(order)


def test_rows_model_source_and_limits_are_named(moved: dict) -> None:
    page = Page(render(moved)).text
    for words in (
        "1,200 rows 30 could not be parsed 1,170 could be read",
        "'tenure' is not a whole number 30",
        f"version {moved['model']['version']} , made on 1 January 2026",
        "Current customers the table in memory",
        "the distributions of 1,200 rows in the bundle",
        "Retrain from a PSI of 0.25 on",
        "if more than 5.0 % of the rows cannot be read",
    ):
        assert words in page, words


def test_every_input_and_the_scores_are_drawn_without_a_reference_table(moved: dict) -> None:
    html = render(moved)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == len(moved["columns"]) + 1
    for drawing in drawings:
        root = ET.fromstring(drawing)
        width, height = map(float, root.get("viewBox", "").split()[2:])
        for bar in root.iter("rect"):
            x, y, wide, tall = (float(bar.get(name, "nan")) for name in ("x", "y", "width", "height"))
            assert 0 <= x <= x + wide <= width
            assert 0 <= y <= y + tall <= height
    assert "nan" not in re.findall(r"[a-z]+", html[html.index("<svg") :])
    assert "the rows held out in training, as the bundle holds them" in html


def test_a_reference_table_is_named(model: Bundle, small_bundle: Any) -> None:
    found = compare(model, small_bundle.rows.slice(0, 600), reference=small_bundle.rows.slice(600))
    page = Page(found.to_html()).text
    assert page.startswith("telco: fine")
    assert "nothing moved by a PSI of 0.1 or more" in page
    assert "for the scores the table in memory" in page
    assert "held out in training" not in page


def test_without_a_comparison_the_page_says_why(moved: dict) -> None:
    nothing = {"columns": {}, "inputs": {}, "not_compared": {}, "scores": None, "rejected_reasons": {}}
    document = moved | nothing | {"verdict": "undecided", "reasons": ["too few"], "rows": 7, "rejected": 0}
    html = render(document)
    assert "<svg" not in html
    assert "Undecided Too few customers to judge" in Page(html).text
    assert "Customers found 7 every row could be read" in Page(html).text


def test_many_reasons_do_not_fill_the_first_screen(moved: dict) -> None:
    page = Page(render(moved | {"reasons": [f"reason {number}" for number in range(20)]})).text
    assert "reason 5 14 more, in the table of inputs" in page
    assert "reason 6" not in page


def test_inputs_that_are_not_compared_say_why(moved: dict) -> None:
    page = Page(render(moved | {"not_compared": {"since": "dates change from day to day"}})).text
    assert "Not compared since: dates change from day to day" in page


def test_a_reference_that_keeps_only_frequent_values_knows_no_new_ones(moved: dict) -> None:
    inputs = moved["inputs"] | {"Contract": moved["inputs"]["Contract"] | {"new_values": None}}
    assert "unknown: the reference keeps its 3 most frequent values" in Page(render(moved | {"inputs": inputs})).text


def test_the_report_loads_nothing_and_runs_nothing(moved: dict) -> None:
    html = render(moved)
    page = Page(html)
    assert "<script" not in html
    assert "@import" not in html
    assert "url(" not in html
    assert [value for _, name, value in page.attributes if name in ("src", "href", "srcset")] == ["data:,"]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_names_and_values_from_a_table_cannot_become_markup(moved: dict, model: Bundle, small_bundle: Any) -> None:
    text = json.dumps(moved)
    for word in ("Contract", "Month-to-month", "Gift card", "USD per month", "the table in memory", "whole number"):
        text = text.replace(word, json.dumps(ATTACK)[1:-1])
    document = json.loads(text)
    document["model"] |= {"name": ATTACK, "description": ATTACK, "version": ATTACK}
    document["notes"] = [ATTACK]
    document["not_compared"] = {ATTACK: ATTACK}
    read = compare(model, changed(small_bundle.rows, "PaymentMethod", 3, ATTACK))
    assert read.inputs["PaymentMethod"]["new_values"]["most_frequent"][0]["value"] == ATTACK
    for html, least in ((render(document), 12), (read.to_html(), 1)):
        page = Page(html)
        assert not [tag for tag, *_ in page.attributes if tag == "img"]
        assert not [name for _, name, _ in page.attributes if name.startswith("on")]
        assert page.text.count("onerror=alert(1)") >= least


@pytest.mark.parametrize("edges", [(), (0.0,), (-1e9, 0.5, 1e12), tuple(np.linspace(-1.0, 1.0, 9).tolist())])
def test_bins_are_drawn_and_named_however_many_there_are(edges: tuple[float, ...]) -> None:
    shares = [1 / (len(edges) + 1)] * (len(edges) + 1)
    root = ET.fromstring(column_pairs("d", edges, shares, shares, "{:g}".format, beside=[Pair("missing", 0.0, 0.0)]))
    bars = list(root.iter("rect"))
    assert len(bars) == 2 * (len(shares) + 1)
    first, last = (bar.findtext("title") for bar in (bars[0], bars[-3]))
    assert first is not None
    assert last is not None
    assert first.startswith(f"≤ {edges[0]:g}: " if edges else "any value: ")
    assert last.startswith(f"> {edges[-1]:g}: " if edges else "any value: ")


def test_long_values_are_cut_and_whole_on_hovering() -> None:
    drawing = bar_pairs("d", [Pair("v" * 100, 0.25, 0.0)])
    assert f"<title>{'v' * 100}</title>" in drawing
    assert f"<title>{'v' * 100}: 25.0 % of the reference, 0.0 % now</title>" in drawing


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1200])
def test_the_report_fits_a_screen(moved: dict, tmp_path: Path, width: int) -> None:
    long = "a_name_without_any_place_to_break_it_" * 3
    document = json.loads(json.dumps(moved).replace("Contract", long).replace("Gift card", long))
    (tmp_path / "report.html").write_text(render(document))
    (tmp_path / "probe.html").write_text(PROBE.format(width=width))
    seen = browse(tmp_path, "probe.html", "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom")
    assert "CONSOLE" not in seen.stderr
    found = re.search(r'<pre id="found">(.*?)</pre>', seen.stdout)
    assert found is not None
    measured = json.loads(found[1])
    assert (measured["width"], measured["drawings"], measured["cut"]) == (width, len(moved["columns"]) + 1, [])
