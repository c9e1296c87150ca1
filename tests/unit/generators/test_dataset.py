"""Datasets whose tables are generated when they are missing: by whatever opens the dataset."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from tenure.errors import ContractError, InputError
from tenure.generators.dataset import ensure_tables


def dataset(folder: Path, settings: str = "business: streaming\ncustomers: 30\n") -> Path:
    folder.mkdir()
    (folder / "generator.yaml").write_text(settings)
    return folder


def test_missing_tables_are_generated_once(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "mine")
    ensure_tables(folder)
    truth = folder / "data" / "truth.json"
    assert json.loads(truth.read_text())["customers"] == 30
    sessions = folder / "data" / "sessions.parquet"
    sessions.write_bytes(b"somebody's own")
    ensure_tables(folder)
    assert sessions.read_bytes() == b"somebody's own"


def test_tables_that_were_not_written_to_the_end_are_generated_again(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "mine")
    ensure_tables(folder)
    written = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
    for path in (folder / "data").iterdir():
        path.unlink()
    ensure_tables(folder)
    assert {path.name: path.read_bytes() for path in (folder / "data").iterdir()} == written


def test_a_folder_without_a_generator_stays_as_it_is(tmp_path: Path) -> None:
    ensure_tables(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("business: streaming\ncustomer: 30\n", "generator.yaml:2: unknown key 'customer'"),
        ("business: streaming\ncustomers: 0\n", "generator.yaml:2: 'customers'"),
        ("customers: 30\n", "generator.yaml:1: 'business' is missing"),
        ("business: streaming\nseed: -1\n", "generator.yaml:2: 'seed'"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: str, message: str) -> None:
    with pytest.raises(ContractError, match=re.escape(message)):
        ensure_tables(dataset(tmp_path / "mine", settings))


def test_an_unknown_business_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown business 'bakery'"):
        ensure_tables(dataset(tmp_path / "mine", "business: bakery\n"))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["generate", "streaming", "--customers", "40"], prog_name="tenure")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("datasets/streaming/data: 40 customers, ")
    assert re.search(r"^sessions +[\d,]+ +\d+ +\d+$", shown.stdout, re.MULTILINE)
    assert "best possible ROC-AUC" in shown.stdout
    asked = ["generate", "streaming", "--customers", "40", "--seed", "2", "--out", "other", "--json"]
    document = json.loads(CliRunner().invoke(app, asked, prog_name="tenure").stdout)
    assert document == json.loads(Path("other/truth.json").read_text()) | {"folder": "other"}
    assert document["seed"] == 2
    wrong = CliRunner().invoke(app, ["generate", "bakery"], prog_name="tenure")
    assert wrong.exit_code == 2
    assert "unknown business 'bakery': there are" in wrong.stderr


@pytest.mark.parametrize("written", ["telco", "datasets/telco"])
def test_make_run_takes_a_name_or_a_folder(written: str) -> None:
    root = Path(__file__).resolve().parents[3]
    shown = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "run", f"DATASET={written}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    assert shown.stdout.splitlines()[-1].endswith("/tenure run datasets/telco")
