"""``tenure report`` and ``tenure compile``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.models import NameOption, registry_of
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
tenure report 20251121-090102-telco last
tenure report champion challenger --name telco --output compared.html
tenure report old/evaluation.json last --json | jq '.metrics[] | select(.metric == "roc_auc")'
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
    other: Annotated[
        str | None, typer.Argument(metavar="OTHER", help="Compare RUN with it: a run, a version or an evaluation.json.")
    ] = None,
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser as well.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of the comparison. [default: in the folder of OTHER]")
    ] = None,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Print the path of a run's HTML report: of the evaluation, or of the validation if the run failed before it.

    With OTHER, compare two evaluations and print the path of that page: contracts, data, metrics, models, decisions,
    importance, verdicts. Each is a run's id or 'last', a version's number or alias, or an evaluation.json (or a folder
    with one). --json prints what the page shows. Differences are OTHER less RUN.
    """
    if other is not None:
        _compare(run, other, output, open_it=open_it, name=name, home=home, json=json)
        return
    if output is not None:
        from tenure.errors import InputError

        raise InputError("--output is for a comparison: name the two runs")
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


def _compare(
    first: str,
    second: str,
    output: Path | None,
    *,
    open_it: bool,
    name: str | None,
    home: Path | None,
    json: bool,
) -> None:
    from pipelines.local.compared import find_side, is_version, page_path
    from pipelines.local.home import Home
    from tenure.atomic import write_text
    from tenure.report.comparison import compare, render

    place = Home.at(home)
    registry = registry_of(home, name) if is_version(first) or is_version(second) else None
    one, two = (find_side(place, named, registry) for named in (first, second))
    comparison = compare(one, two)
    path = output or page_path(one, two)
    write_text(path, render(comparison, two))
    if json:
        print_json({"report": str(path), **comparison})
    else:
        print(path)
    if open_it:
        import webbrowser

        webbrowser.open(path.absolute().as_uri())


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
