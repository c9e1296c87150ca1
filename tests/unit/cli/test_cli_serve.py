"""``tenure serve``: what the model server is told."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import serving
from serving.lifecycle import arguments


@pytest.mark.parametrize(
    ("words", "version", "rows"),
    [
        (["2", "--port", "9000"], "2", 10_000),
        (["--port", "9000", "--", "--max-rows", "5"], "champion", 5),
        (["challenger", "--port", "9000", "--", "--max-rows", "5"], "challenger", 5),
    ],
)
def test_options_behind_two_dashes_are_the_servers(
    monkeypatch: pytest.MonkeyPatch, words: list[str], version: str, rows: int
) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr(serving, "find_bundle", lambda found, *_: ("folder", "telco", f"version {found}"))
    monkeypatch.setattr(serving, "become", lambda _, given: told.append(given))
    done = CliRunner().invoke(app, ["serve", *words])
    assert done.exit_code == 0, done.output
    assert f"serving version {version} at http://127.0.0.1:9000" in done.stderr
    given = arguments.parse(told[0])
    assert (given.http_port, given.admission.max_rows) == (9000, rows)
