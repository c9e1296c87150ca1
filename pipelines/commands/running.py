"""``tenure run``: the whole pipeline on this machine, and a summary at its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.options import HomeOption, JsonOption, command, print_json
from pipelines.commands.run_options import (
    DATASET_HELP,
    MAX_WORKERS,
    BudgetOption,
    CacheOption,
    DataOption,
    FamiliesOption,
    OverrideOption,
    TrialsOption,
)

if TYPE_CHECKING:
    from pipelines.local.display import Display
    from pipelines.local.home import Home
    from pipelines.local.run import Finished


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "run",
        """
tenure run datasets/telco
tenure run datasets/telco --trials 4 --no-serve
tenure run datasets/telco --families all
tenure run datasets/telco --budget 60s
tenure run datasets/telco --data s3://bucket/customers.parquet --home /var/lib/tenure
tenure run datasets/telco --override "the pilot region has few customers" --json
""",
    )(run)


def run(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help=DATASET_HELP)],
    *,
    data: DataOption = None,
    families: FamiliesOption = None,
    trials: TrialsOption = None,
    budget: BudgetOption = None,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, max=MAX_WORKERS, help="Workers of the search; two run in parallel."),
    ] = 2,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the split and of the search.")] = None,
    override: OverrideOption = "",
    cache: CacheOption = True,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve/--no-serve", help="Start the model server at the end and request predictions for three customers."
        ),
    ] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Train, evaluate, register and serve a model of a dataset.

    The exit status is 7 if the model was not blessed; the summary contains the reason.
    """
    from pipelines.graphs.request import read_request
    from pipelines.local.home import Home
    from pipelines.local.run import Options, run_training

    request = read_request(dataset, data, families=families, trials=trials, budget=budget, seed=seed)
    options = Options(workers=workers, override=override, use_cache=cache, serve=serve)
    place = Home.at(home)
    finished = run_training(request, place, options, _display(json))
    if json:
        print_json(_document(finished))
    else:
        _print_screen(finished, place)
    finished.raise_for_verdict()


def _document(finished: Finished) -> dict[str, Any]:
    from pipelines.local.next_steps import REPORT_FILE

    answers = [dataclasses.asdict(answer) for answer in finished.answers]
    report = finished.folder / REPORT_FILE
    return dataclasses.asdict(finished.record) | {"report": str(report), "answers": answers}


def _print_screen(finished: Finished, home: Home) -> None:
    import shutil
    import sys

    from rich.console import Console

    from pipelines.local.next_steps import next_steps
    from pipelines.local.summary import WIDTH, Ending, print_ending

    ending = Ending(
        run_id=finished.record.run_id,
        evaluation=finished.evaluation,
        version=finished.version,
        aliases=finished.aliases,
        answers=finished.answers,
        server=finished.server,
        next_steps=next_steps(finished.record, home),
        elapsed_s=finished.record.duration_s or 0.0,
    )
    # A file or pipe gets the summary at the width of a common terminal.
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    print_ending(ending, Console(width=min(columns, WIDTH), highlight=False))


def _display(json: bool) -> Display:
    """A live table on a terminal, else lines on stderr: standard output is for the result."""
    import sys

    from pipelines.local.display import LiveDisplay, PlainDisplay

    return LiveDisplay() if sys.stderr.isatty() and not json else PlainDisplay(sys.stderr)
