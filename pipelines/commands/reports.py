"""``tenure report`` and ``tenure compile``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.options import HomeOption, JsonOption, command, print_json


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "report",
        """
tenure report
tenure report last --open
tenure report 20251121-090102-telco --json
""",
    )(report)
    command(
        app,
        "compile",
        """
tenure compile --image registry.example.com/tenure-pipeline-python:4f2c1a9
tenure compile scoring --image tenure-pipeline-python:4f2c1a9 --output scoring.yaml
""",
    )(compile_pipeline)


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or 'last'.")] = "last",
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser as well.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Print the path of a run's HTML report: of the evaluation, or of the validation if the run failed before it."""
    from pipelines.local import record
    from pipelines.local.home import Home
    from pipelines.local.next_steps import REPORT_FILE
    from tenure.errors import InputError

    place = Home.at(home)
    found = record.read(place, run)
    folder = place.runs / found.run_id
    files = [folder / REPORT_FILE, folder / "validation.html"]
    existing = [file for file in files if file.exists()]
    if not existing:
        raise InputError(f"run {found.run_id} ({found.state}) has no report; its log is {folder / 'run.log'}")
    if json:
        print_json({"run_id": found.run_id, "report": str(existing[0]), "all": [str(file) for file in existing]})
    else:
        print(existing[0])
    if open_it:
        import webbrowser

        webbrowser.open(existing[0].as_uri())


def compile_pipeline(
    pipeline: Annotated[
        str, typer.Argument(metavar="PIPELINE", help="training, scoring, monitoring, or all of them.")
    ] = "all",
    *,
    image: Annotated[
        str, typer.Option("--image", help="Image of the steps, with a tag made of its content or a digest.")
    ],
    rollout_image: Annotated[
        str | None, typer.Option("--rollout-image", help="Image of the training pipeline's deploy step, likewise.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of one pipeline. [default: build/<pipeline>.yaml]")
    ] = None,
) -> None:
    """Compile pipelines for a cluster: YAML files that Kubeflow Pipelines runs."""
    from pipelines.graphs.compilation import COMPILERS
    from pipelines.graphs.settings import cluster
    from tenure.errors import InputError

    try:
        settings = cluster(image, rollout_image=rollout_image)
    except ValueError as error:
        raise InputError(str(error)) from None
    if pipeline != "all" and pipeline not in COMPILERS:
        raise InputError(f"no pipeline '{pipeline}': {', '.join(COMPILERS)}, or all")
    if pipeline == "all" and output is not None:
        raise InputError("--output is for one pipeline: name it")
    for name in COMPILERS if pipeline == "all" else [pipeline]:
        path = output or Path("build") / f"{name}.yaml"
        COMPILERS[name](settings, path)
        print(path)
