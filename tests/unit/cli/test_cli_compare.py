"""``tenure report A B``: which evaluations it finds, and what it says where it finds none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.local import record
from pipelines.local.home import Home
from pipelines.local.record import RunRecord

EXAMPLES = Path(__file__).resolve().parents[1] / "schemas" / "examples"


def tenure(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tenure")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TENURE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    place = Home.at()
    place.create()
    return place


def run_with(home: Home, run_id: str, example: str | None) -> Path:
    folder = home.runs / run_id
    folder.mkdir()
    started = RunRecord(run_id, "telco", "contract.yaml", "telco.csv", "finished", "2026-01-01T00:00:00+00:00")
    record.write(home, started)
    if example is not None:
        shutil.copyfile(EXAMPLES / f"evaluation-1.{example}.json", folder / "evaluation.json")
    return folder


def refused(result, words: str) -> None:
    assert result.exit_code == 2
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and words in lines[0], lines


def test_two_runs(home):
    run_with(home, "20260101-000000-telco", "classification")
    second = run_with(home, "20260102-000000-telco", "classification")
    result = tenure("report", "20260101-000000-telco", "last")
    page = second / "compared-with-20260101-000000-telco.html"
    assert result.stdout.strip() == str(page), result.stderr
    assert "two evaluations side by side" in page.read_text()


def test_json_is_the_object_of_the_page(home):
    run_with(home, "20260101-000000-telco", "classification")
    result = tenure("report", "last", "last", "--json", "--output", "here.html")
    document = json.loads(result.stdout)
    assert document["report"] == "here.html" and Path("here.html").is_file()
    assert document["second"]["name"] == "20260101-000000-telco"
    assert "not at hand" in document["paired"]["why_not"]


def test_a_file_or_its_folder(home, tmp_path):
    shutil.copyfile(EXAMPLES / "evaluation-1.regression.json", tmp_path / "evaluation.json")
    shutil.copyfile(EXAMPLES / "evaluation-1.regression.json", tmp_path / "old.json")
    assert tenure("report", "old.json", tmp_path).exit_code == 0
    assert (tmp_path / "compared-with-old-json.html").is_file()


def test_what_cannot_be_compared_is_said_in_one_line(home):
    run_with(home, "20260101-000000-telco", "classification")
    run_with(home, "20260102-000000-value", "regression")
    run_with(home, "20260103-000000-telco", None)
    refused(tenure("report", "20260101-000000-telco", "nobody"), "no run 'nobody'")
    refused(
        tenure("report", "no/such/file.json", "last"), "no/such/file.json is neither an evaluation.json nor a folder"
    )
    refused(tenure("report", "20260101-000000-telco", "last"), "has no evaluation; its log is")
    refused(
        tenure("report", "20260101-000000-telco", "20260102-000000-value"),
        "20260101-000000-telco is a classification and 20260102-000000-value a regression",
    )
    refused(tenure("report", "--output", "x.html"), "--output is for a comparison")
    refused(tenure("report", "champion", "last", "--name", "telco"), "model 'telco' has no version 'champion'")
