"""Options of the commands that run a pipeline: ``run``, ``submit`` and ``schedule``."""

from __future__ import annotations

from typing import Annotated

import typer

MAX_WORKERS = 64

DATASET_HELP = "Folder with a contract.yaml, or the contract itself."

DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="[TABLE=]ADDRESS",
        help="Address of a table, in place of the contract's source; with several tables TABLE=ADDRESS, repeatable.",
    ),
]
FamiliesOption = Annotated[
    str | None,
    typer.Option(
        "--families",
        metavar="NAME,NAME",
        help="Model families in place of the contract's, or 'all': every family of the contract's task.",
    ),
]
TrialsOption = Annotated[int | None, typer.Option("--trials", min=1, help="Most trials a model family.")]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", metavar="60s|5m|1h", help="Longest time for the parameter search.")
]
OverrideOption = Annotated[
    str, typer.Option("--override", help="Why to register the model even if the verdict is inconclusive.")
]
CacheOption = Annotated[bool, typer.Option("--cache/--no-cache", help="Take what did not change from earlier runs.")]
