"""``tenure runs``: the runs of a home."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from pipelines.local.record import RunRecord

app = typer.Typer(rich_markup_mode=None, no_args_is_help=False)


def register(parent: typer.Typer) -> None:
    """Add the group to the top level."""
    parent.add_typer(app, name="runs", help="List the runs of a home, or show one.")


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """List the runs of a home, or show one."""
    if context.invoked_subcommand is None:
        list_runs()


RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or 'last'.")]


@command(
    app,
    "list",
    """
tenure runs list
tenure runs list --json | jq -r '.[] | select(.state == "failed") | .run_id'
""",
)
def list_runs(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the runs, newest first."""
    from pipelines.commands.tables import default_mark, number, print_table, say_defaults
    from pipelines.local import record
    from pipelines.local.home import Home

    at = Home.at(home)
    records = record.read_all(at)
    if json:
        print_json([dataclasses.asdict(run) for run in records])
        return
    if not records:
        print(f"no run yet in {at.folder}; start one with 'tenure run DATASET'")
        return
    # Columns of a task that no run has are omitted.
    figures = {
        ">ROC-AUC": [number(run.roc_auc) for run in records],
        ">profit": [number(run.profit, 0) + default_mark(_rests_on_defaults(run)) for run in records],
        ">R²": [number(run.r2) for run in records],
        ">RMSE": [number(run.rmse, 2) for run in records],
    }
    regressions = any(run.rmse is not None for run in records)
    others = not regressions or any(run.roc_auc is not None for run in records)
    shown = list(figures)[0 if others else 2 : 4 if regressions else 2]
    print_table(
        ["run", "dataset", "state", "verdict", ">version", *shown, ">seconds"],
        [
            (
                run.run_id,
                run.dataset,
                run.state,
                run.verdict or "-",
                run.version or "-",
                *(figures[name][place] for name in shown),
                number(run.duration_s, 1),
            )
            for place, run in enumerate(records)
        ],
    )
    say_defaults(any(map(_rests_on_defaults, records)))


def _rests_on_defaults(run: RunRecord) -> bool:
    return run.profit is not None and bool(run.default_business_values)


@command(
    app,
    "show",
    """
tenure runs show last
tenure runs show last --json | jq .results.evaluation
""",
)
def show_run(run: RunArgument = "last", home: HomeOption = None, json: JsonOption = False) -> None:
    """Show the record of one run, and its files."""
    from pipelines.local import record
    from pipelines.local.home import Home

    place = Home.at(home)
    found = record.read(place, run)
    if json:
        print_json(dataclasses.asdict(found))
        return
    folder = place.runs / found.run_id
    for name, value in dataclasses.asdict(found).items():
        if name not in ("parameters", "results") and value is not None:
            print(f"{name.replace('_', ' '):12} {value}")
    for name, value in found.parameters.items():
        print(f"{name.replace('_', ' '):12} {value}")
    print(f"{'files':12} {folder}")
    for file in sorted(folder.iterdir()):
        if not file.name.startswith("."):
            print(f"{'':12} {file.name}")
