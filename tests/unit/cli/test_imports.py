"""What a command imports: start-up is most of the time that the short ones take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIGHT = {"numpy", "pandas", "pyarrow", "kfp", "mlflow", "rich", "sklearn", "pydantic", "yaml", "jinja2"}
"""Of these, ``--help`` needs none."""
UNUSED = {
    *(
        "boto3",
        "evidently",
        "fsspec",
        "jinja2",
        "kfp",
        "kserve",
        "kubernetes",
        "mlflow",
        "onnxruntime",
        "optuna",
    ),
    *("onnxruntime", "optuna", "pandas", "requests", "rich", "s3fs", "scipy", "sklearn", "sqlalchemy", "xgboost"),
    *(
        "tenure.bundle",
        "tenure.evaluation",
        "tenure.explanation",
        "tenure.report",
        "tenure.training",
    ),
}
"""Of these, checking a local CSV needs none."""


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], LIGHT),
        (["check", "--help"], LIGHT - {"pydantic"}),  # typer coerces options by it
        (["check", "datasets/telco"], UNUSED),
        (["check", "datasets/telco", "--json"], UNUSED),
    ],
    ids=["--help", "check --help", "check", "check --json"],
)
def test_a_command_imports_what_it_needs(arguments: list[str], unneeded: set[str]) -> None:
    code = (
        f"import sys; from pipelines.cli import app\n"
        f"app({arguments!r}, prog_name='tenure', standalone_mode=False)\n"
        f"print(sorted(set({sorted(unneeded)!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    assert done.stdout
    assert done.stderr.strip() == "[]"


def test_tables_are_printed_alike_with_and_without_rich(capsys: pytest.CaptureFixture[str]) -> None:
    """rich is left out where nothing must be folded, and nobody sees the difference."""
    from pipelines.commands import tables

    headers = ["check", ">rows", "found", ">R²"]
    for rows in ([], [["types", "3", "", "0.9"], ["missing", "12,345", "'é' is missing", ""]], [["", "", "", ""]]):
        tables.print_table(headers, rows)
        plain = capsys.readouterr().out
        tables._print_folded(headers, rows, tables.PIPE_WIDTH)
        assert plain == capsys.readouterr().out


def test_wide_characters_are_left_to_rich(capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines.commands.tables import print_table

    print_table(["column", "found"], [["料金", "x"], ["fee", "y"]])
    assert capsys.readouterr().out.splitlines()[2:] == ["料金     x    ", "fee      y    "]
