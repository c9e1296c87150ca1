"""What ``submit`` and ``schedule`` share: their options, and what those mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.graphs.names import Pipeline
from pipelines.graphs.settings import NAMESPACE

if TYPE_CHECKING:
    from pipelines.graphs.request import Request

MAX_WORKERS = 64
WORKERS = 2

DatasetArgument = typer.Argument(metavar="DATASET", help="Folder with a contract.yaml, or the contract itself.")
PipelineOption = Annotated[Pipeline, typer.Option("--pipeline", help="What to run.")]
EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint", envvar="KFP_ENDPOINT", help="Address of the API, such as http://localhost:8888."),
]
ContextOption = Annotated[
    str | None,
    typer.Option("--context", help="Of the kubeconfig, whose cluster is asked without --endpoint. [default: current]"),
]
ImageOption = Annotated[
    str | None, typer.Option("--image", help="Image of the steps, with a tag made of its content or a digest.")
]
DataOption = Annotated[
    str | None, typer.Option("--data", help="Address of the table, in place of the contract's source.")
]
ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", help="Of Kubeflow. [default: the contract's name]")
]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="key=value of every pod; repeatable.")]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=MAX_WORKERS, help=f"Pods of the search. [default: {WORKERS}]"),
]
TrialsOption = Annotated[int | None, typer.Option("--trials", min=1, help="Trials a model family.")]
CacheOption = Annotated[bool, typer.Option("--cache/--no-cache", help="Take what did not change from earlier runs.")]
TrackingOption = Annotated[
    str, typer.Option("--mlflow-uri", help="MLflow seen from the pods, where Kubeflow names none to them.")
]
SecretOption = Annotated[
    str | None, typer.Option("--source-secret", help="Secret with a key for each variable of the data's address.")
]
DeployOption = Annotated[
    str | None,
    typer.Option(
        "--deploy",
        metavar="SERVICE",
        help="Of training: the InferenceService that the version goes out on by canary, once it is registered.",
    ),
]
DeployNamespaceOption = Annotated[
    str | None, typer.Option("--deploy-namespace", help=f"Of that service. [default: {NAMESPACE}]")
]
AccountOption = Annotated[str | None, typer.Option("--service-account", help="Of the pods. [default: Kubeflow's]")]
ReferenceOption = Annotated[
    str, typer.Option("--reference", help="Of monitoring: address of a table from a time when all was well.")
]
LogOption = Annotated[
    str,
    typer.Option("--log", help="Of monitoring: address of the servers' prediction log, read in place of the table."),
]


def check_flags(pipeline: Pipeline, data: str | None, **given: object) -> None:
    """
    Raises:
        InputError: a flag was given that says nothing to this pipeline, or nothing beside another one.
    """
    from tenure.errors import InputError

    training = {"workers", "trials", "override", "deploy", "deploy_namespace"}
    known = {"training": training, "scoring": set(), "monitoring": {"reference", "log"}}
    for flag, value in given.items():
        if value and flag not in known[pipeline.value]:
            of = next(name for name, flags in known.items() if flag in flags)
            shown = flag.replace("_", "-")
            raise InputError(f"--{shown} is of the {of} pipeline, and --pipeline says {pipeline.value}")
    if given.get("deploy_namespace") and not given.get("deploy"):
        raise InputError("--deploy-namespace is of the service that --deploy names, and there is none")
    if data is not None and given.get("log"):
        raise InputError("today's customers are those of --data or those of --log, not of both")


def checked_image(image: str | None) -> str:
    """
    Raises:
        InputError: there is none.
    """
    from tenure.errors import InputError

    if image is None:
        raise InputError("say which image the steps run in by --image, with a tag made of its content")
    return image


def cluster_request(dataset: Path, data: str | None, trials: int | None) -> Request:
    """What to run on; see ``read_request``."""
    from pipelines.graphs.request import read_request

    return read_request(dataset, data, trials=trials)
