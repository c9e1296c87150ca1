"""``tenure run``: the whole pipeline on this machine, and one screen at its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from pipelines.local.display import Display
    from pipelines.local.home import Home
    from pipelines.local.run import Finished

MAX_WORKERS = 64


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "run",
        """
tenure run datasets/telco
tenure run datasets/telco --trials 4 --no-serve
tenure run datasets/telco --data s3://bucket/customers.parquet --home /var/lib/tenure
tenure run datasets/telco --override "the pilot region has few customers" --json
""",
    )(run)


def run(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder with a contract.yaml, or the contract itself.")
    ],
    *,
    data: Annotated[
        str | None, typer.Option("--data", help="Address of the table, in place of the contract's source.")
    ] = None,
    trials: Annotated[int | None, typer.Option("--trials", min=1, help="Trials a model family.")] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, max=MAX_WORKERS, help="Parallel workers of the search; here two at a time."),
    ] = 2,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of the split and of the search.")] = None,
    override: Annotated[
        str, typer.Option("--override", help="Why to register the model even if the verdict is inconclusive.")
    ] = "",
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Take what did not change from earlier runs.")
    ] = True,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Start the model server at the end and ask it about customers.")
    ] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Train, evaluate, register and serve a model of a dataset.

    Leaves with status 7 if the model was not blessed: the screen says why.
    """
    from pipelines.graphs.request import read_request
    from pipelines.local.home import Home
    from pipelines.local.run import Options, run_training

    request = read_request(dataset, data, trials=trials, seed=seed)
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
    # What is not a terminal gets the screen as it would be on a common one.
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    print_ending(ending, Console(width=min(columns, WIDTH), highlight=False))


def _display(json: bool) -> Display:
    """Live on a terminal; lines on stderr elsewhere, so that standard output holds the result alone."""
    import sys

    from pipelines.local.display import LiveDisplay, PlainDisplay

    return LiveDisplay() if sys.stderr.isatty() and not json else PlainDisplay(sys.stderr)
