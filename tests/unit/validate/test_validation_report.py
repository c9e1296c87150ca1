"""The report that people read."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.ingest.logic import run as ingest
from components.validate.logic import run as validate

CONTRACT = """
name: crm
label: {positive: "yes"}
quality: {min_rows: 10, freshness_days: null}
columns:
  id: {type: string, role: key}
  months: {type: integer, range: [0, 72], unit: months}
  spend: {type: number, nullable: true}
  <plan>: {type: category, values: [a, b]}
  since: {type: date, role: time}
  left: {type: boolean, role: label}
"""
ATTACK = "<script>document.title='taken'</script>"


class Page(HTMLParser):
    """Tags and text of a page; fails on tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Of a table with one bad row, one rejected row, and an attack in both."""
    rows = 300
    table = {
        "id": [f"c{n}" for n in range(rows)],
        "months": [str(n % 73) if n != 9 else ATTACK for n in range(rows)],
        "spend": [str(n / 7) if n % 20 else "" for n in range(rows)],
        "<plan>": ["ab"[n % 2] if n != 5 else ATTACK for n in range(rows)],
        "since": ["2024-01-01"] * rows,
        "left": ["yes" if n % 3 else "no" for n in range(rows)],
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    ingest(CONTRACT, str(tmp_path / "t.parquet"), tmp_path / "raw")
    validate(CONTRACT, tmp_path / "raw", tmp_path / "valid")
    return tmp_path / "valid" / "validation.html"


def test_the_verdict_stands_first_and_everything_is_there(report: Path) -> None:
    text = report.read_text()
    page = Page(text)
    assert text.index("This table meets its contract") < text.index("<h2>Checks")
    assert page.tags.count("svg") == 2
    assert page.tags.count("article") == 5
    assert "Quarantined rows" in text
    assert "Rejected rows" in text
    assert "5.0 % missing" in text


def test_few_bad_rows_are_noted_and_not_ticked_off(report: Path) -> None:
    text = " ".join(report.read_text().split())
    assert "• noted</td> <td>values</td><td>1 row quarantined" in text
    assert "✓ pass</td> <td>range</td>" in text


def test_what_comes_from_the_table_is_escaped(report: Path) -> None:
    text = report.read_text()
    assert "script" not in Page(text).tags
    assert ATTACK not in text
    assert "&lt;script&gt;" in text


def test_nothing_is_fetched_from_elsewhere(report: Path) -> None:
    page = Page(report.read_text())
    assert not {"link", "script", "img", "iframe"} & set(page.tags)
    assert not {"src", "href"} & {name for name, _ in page.attributes}


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser is installed")
@pytest.mark.parametrize("width", [380, 1200])
def test_it_fits_the_window(report: Path, tmp_path: Path, width: int) -> None:
    """The page, measured by itself in a real browser: nothing reaches past the window's edge."""
    probe = (
        "<script>const w = document.documentElement;"
        "document.title = `${w.scrollWidth <= w.clientWidth} ${document.querySelectorAll('svg rect').length}`</script>"
    )
    framed = tmp_path / "framed.html"
    (tmp_path / "probe.html").write_text(report.read_text().replace("</body>", probe + "</body>"))
    # A window has a least width of its own; a frame has not.
    framed.write_text(
        f"<iframe id=f style='width:{width}px;height:3000px' src=probe.html></iframe><script>"
        "f.onload = () => document.body.append(f.contentDocument.title)</script>"
    )
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    arguments += ["--allow-file-access-from-files", f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=3000"]
    done = subprocess.run(
        ["chromium", *arguments, "--dump-dom", framed.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "</iframe>" in done.stdout
    fits, bars = done.stdout.split("</script>")[1].split("<")[0].split()
    assert fits == "true"
    assert int(bars) > 40
