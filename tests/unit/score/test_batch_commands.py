"""``tenure score``, ``tenure monitor`` and ``tenure compile`` as commands, on a bundle in a folder."""

import json

import pytest
from pyarrow import csv
from typer.testing import CliRunner

from pipelines.cli import app


def tenure(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tenure")


@pytest.fixture
def table(small_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv.write_csv(small_bundle.rows.slice(0, 400), tmp_path / "customers.csv")
    return tmp_path / "customers.csv"


def test_a_table_is_scored(small_bundle, table, tmp_path):
    result = tenure("score", "customers.csv", "--model", small_bundle.folder, "--day", "today", "--top", 5)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("400 customers scored by ")
    assert len((tmp_path / "scores" / "today" / "high-risk.csv").read_text().splitlines()) == 6
    again = tenure("score", table, "--model", small_bundle.folder, "--day", "today", "--threshold", 0, "--json")
    assert json.loads(again.stdout)["contacts"] == 400


def test_a_contracts_folder_is_a_table(small_bundle, table, tmp_path):
    from tenure.bundle import read
    from tenure.contract import dump
    from tenure.contract.settings import Source

    contract = read(small_bundle.folder).contract
    (tmp_path / "mine").mkdir()
    table.rename(tmp_path / "mine" / "customers.csv")
    text = dump(contract.model_copy(update={"source": Source(uri="customers.csv")}))
    (tmp_path / "mine" / "contract.yaml").write_text(text)
    result = tenure("score", "mine", "--model", small_bundle.folder, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["rows"] == 400


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("score", "none.csv"), "no such file"),
        (("monitor", "customers.csv", "--scores", "a", "--log", "b"), "not from both"),
        (("monitor", "customers.csv"), "not a profile"),
    ],
)
def test_bad_input_is_one_line(small_bundle, table, arguments, pattern):
    result = tenure(*arguments, "--model", small_bundle.folder)
    assert result.exit_code == 2
    assert pattern in result.stderr
    assert result.stderr.count("\n") == 1


def test_all_pipelines_are_compiled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = tenure("compile", "--image", "tenure-pipeline:4f2c1a9")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == [
        "monitoring.yaml",
        "scoring.yaml",
        "training.yaml",
    ]
    for arguments, pattern in (
        (("deploy",), "no pipeline 'deploy'"),
        (("--output", "a.yaml"), "one pipeline: name it"),
    ):
        refused = tenure("compile", *arguments, "--image", "tenure-pipeline:4f2c1a9")
        assert refused.exit_code == 2
        assert pattern in refused.stderr
