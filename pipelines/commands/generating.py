"""``tenure generate``: the tables of an invented business whose truth is known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.options import JsonOption, command, print_json
from tenure.generators.finding import names


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "generate",
        """
tenure generate streaming
tenure generate saas --customers 100000 --seed 7 --out /tmp/saas
tenure generate streaming --customers 500 --out small --json | jq .best_roc_auc
""",
    )(generate)


def generate(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"The business: {', '.join(names())}.")],
    *,
    customers: Annotated[
        int | None, typer.Option("--customers", min=1, help="How many. [default: as many as the business has]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same files.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the tables. [default: datasets/NAME/data]")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the tables of an invented business, of any number of customers, and what is true of them.

    There are late rows, corrections, seasons, a price rise that changes the hazard, and customers treated with an
    offer. truth.parquet holds each customer's true probability at each cut, truth.json the ROC-AUC of that: the best
    that a model can reach.
    """
    from pipelines.commands.tables import number, print_table
    from tenure.generators.generate import describe
    from tenure.generators.generate import generate as write
    from tenure.progress import listening, printed

    with listening(printed(sys.stderr)):
        found = write(name, out or Path("datasets") / name / "data", customers=customers, seed=seed)
    summary = found.summary
    if json:
        print_json(dict(summary) | {"folder": str(found.folder)})
        return
    print(describe(found))
    print_table(
        ("table", ">rows", ">late", ">corrections"),
        [(table, *(f"{count:,}" for count in counts.values())) for table, counts in summary["tables"].items()],
    )
    print(
        f"label 1: {number(summary['label_rate'])} of {summary['rows']:,} rows at {len(summary['cuts'])} cuts, "
        f"best possible ROC-AUC {number(summary['best_roc_auc'])}"
    )
