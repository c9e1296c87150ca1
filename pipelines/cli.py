"""The command line: ``tenure``. Each group of commands is a file in ``pipelines/commands``."""

from __future__ import annotations

import typer

from pipelines.commands import batch, cluster, contracts, models, reports, rollout, running, runs, scheduling, serving
from pipelines.commands.options import EXIT_CODES

app = typer.Typer(
    name="tenure",
    help="Predict which customers will leave, from a table and one YAML file that says what its columns mean.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
contracts.register(app)
running.register(app)
cluster.register(app)
scheduling.register(app)
app.add_typer(runs.app, name="runs", help="List the runs of a home, or show one.")
app.add_typer(models.app, name="models", help="Registered versions: list, compare, promote, roll back, history.")
serving.register(app)
batch.register(app)
rollout.register(app)
reports.register(app)


@app.callback(invoke_without_command=True)
def version_option(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    """Predict which customers will leave, from a table and one YAML file that says what its columns mean."""
    if version:
        from tenure import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="tenure")


if __name__ == "__main__":
    main()
