"""The page in a real browser: nothing on the console, every drawing drawn, nothing wider than the screen."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tenure.report import render

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

PROBE = """<!doctype html><body>
<iframe id="page" src="report.html" style="width:{width}px;height:900px;border:0"></iframe>
<pre id="found"></pre><script>
document.getElementById("page").addEventListener("load", (event) => {{
  const page = event.target.contentDocument;
  const drawings = [...page.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect());
  const cut = [...page.querySelectorAll("svg text")].filter((text) => {{
    const own = text.getBoundingClientRect(), all = text.closest("svg").getBoundingClientRect();
    return own.left < all.left - 1 || own.right > all.right + 1 || own.top < all.top - 1 || own.bottom > all.bottom + 1;
  }}).map((text) => text.textContent);
  document.getElementById("found").textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth, drawings: drawings.length,
    small: drawings.filter((box) => box.width < 200 || box.height < 80).length, cut: cut,
  }}).replaceAll(" ", "_");
}});
</script></body>"""


def browse(folder: Path, page: str, *options: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    flags = (
        "--headless",
        "--hide-scrollbars",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    )
    logging = ("--enable-logging=stderr", "--v=0", f"--user-data-dir={folder / 'profile'}")
    return subprocess.run(
        [BROWSER, *flags, *logging, *options, f"file://{folder / page}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1200])
def test_page_in_a_browser(make_evaluation: Any, drawn: dict, tmp_path: Path, width: int) -> None:
    evaluation = make_evaluation(**drawn, champion=drawn["probabilities"]["random_forest"])
    (tmp_path / "report.html").write_text(render(evaluation, validation=None, ingest=None))
    (tmp_path / "probe.html").write_text(PROBE.format(width=width))
    seen = browse(tmp_path, "probe.html", "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom")
    assert "CONSOLE" not in seen.stderr
    found = re.search(r'<pre id="found">(.*?)</pre>', seen.stdout)
    assert found is not None
    assert found[1] == f'{{"width":{width},"drawings":9,"small":0,"cut":[]}}'
