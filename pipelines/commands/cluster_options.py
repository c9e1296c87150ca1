"""Options that ``tenure submit`` and ``tenure schedule`` share, declared once in ``ClusterOptions``."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from pipelines.commands.run_options import (
    MAX_WORKERS,
    BudgetOption,
    CacheOption,
    DataOption,
    FamiliesOption,
    TrialsOption,
)
from pipelines.graphs.names import Pipeline
from pipelines.graphs.settings import NAMESPACE, TRACKING_URI
from tenure.errors import InputError

if TYPE_CHECKING:
    from pipelines.cluster.kubeflow import Kubeflow
    from pipelines.cluster.run import Options
    from pipelines.graphs.request import Request

WORKERS = 2

ONE_PIPELINE = {
    **dict.fromkeys(
        ("workers", "families", "trials", "budget", "deploy", "deploy_namespace", "rollout_image"), Pipeline.TRAINING
    ),
    **dict.fromkeys(("reference", "log"), Pipeline.MONITORING),
}
"""Options that only one pipeline has."""


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Values of the shared options. Each field declares an option of the same name."""

    pipeline: Annotated[Pipeline, typer.Option("--pipeline", help="Pipeline to run.")] = Pipeline.TRAINING
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", envvar="KFP_ENDPOINT", help="Address of the API, such as http://localhost:8888."),
    ] = None
    context: Annotated[
        str | None,
        typer.Option(
            "--context", help="Context of the kubeconfig whose cluster is used without --endpoint. [default: current]"
        ),
    ] = None
    image: Annotated[
        str | None, typer.Option("--image", help="Image of the steps, with a tag made of its content or a digest.")
    ] = None
    data: DataOption = None
    reference: Annotated[
        str, typer.Option("--reference", help="Monitoring only: address of a reference table, from before any drift.")
    ] = ""
    log: Annotated[
        str,
        typer.Option(
            "--log", help="Monitoring only: address of the servers' prediction log, read in place of the table."
        ),
    ] = ""
    experiment: Annotated[
        str | None, typer.Option("--experiment", help="Experiment in Kubeflow. [default: the contract's name]")
    ] = None
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="A label of every pod; repeatable.")
    ] = None
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=MAX_WORKERS, help=f"Pods of the search. [default: {WORKERS}]"),
    ] = None
    families: FamiliesOption = None
    trials: TrialsOption = None
    budget: BudgetOption = None
    cache: CacheOption = True
    mlflow_uri: Annotated[
        str, typer.Option("--mlflow-uri", help="Address of MLflow for the pods, if Kubeflow sets none in them.")
    ] = TRACKING_URI
    source_secret: Annotated[
        str | None, typer.Option("--source-secret", help="Secret with a key for each variable of the data's address.")
    ] = None
    service_account: Annotated[
        str | None, typer.Option("--service-account", help="Service account of the pods. [default: Kubeflow's]")
    ] = None
    deploy: Annotated[
        str | None,
        typer.Option(
            "--deploy",
            metavar="SERVICE",
            help="Training only: InferenceService on which the registered version starts as a canary.",
        ),
    ] = None
    deploy_namespace: Annotated[
        str | None, typer.Option("--deploy-namespace", help=f"Namespace of that service. [default: {NAMESPACE}]")
    ] = None
    rollout_image: Annotated[
        str | None,
        typer.Option("--rollout-image", help="Image that starts the canary, tagged like --image; needed by --deploy."),
    ] = None

    def check(self) -> None:
        """Reject options that contradict each other.

        Raises:
            InputError: an option belongs to another pipeline, or needs or excludes a second one.
        """
        for name, pipeline in ONE_PIPELINE.items():
            if getattr(self, name) and pipeline is not self.pipeline:
                raise other_pipeline(name, pipeline, self.pipeline)
        for name in ("deploy_namespace", "rollout_image"):
            if getattr(self, name) and not self.deploy:
                raise InputError(f"{_flag(name)} needs --deploy, which names the service")
        if self.deploy and not self.rollout_image:
            raise InputError("--deploy needs --rollout-image: the image of the rollout, with a tag made of its content")
        if self.data and self.log:
            raise InputError("--data and --log exclude each other: monitoring reads a table or a prediction log")

    def request(self, dataset: Path) -> Request:
        """The dataset to run on; see ``read_request``."""
        from pipelines.graphs.request import read_request

        return read_request(dataset, self.data, families=self.families, trials=self.trials, budget=self.budget)

    def run_options(self, *, run_name: str | None, override: str = "") -> Options:
        """The options of the run.

        Args:
            run_name: name of the run or the schedule; None for the default.
            override: reason to register an inconclusive model; empty for none.

        Raises:
            InputError: no image is given, or a label is invalid.
        """
        from pipelines.cluster.kubernetes_names import label_pairs
        from pipelines.cluster.run import Options

        if self.image is None:
            raise InputError("name the image of the steps by --image, with a tag made of its content")
        return Options(
            image=self.image,
            pipeline=self.pipeline,
            reference=self.reference,
            log=self.log,
            experiment=self.experiment,
            run_name=run_name,
            labels=label_pairs(self.label or []),
            workers=self.workers or WORKERS,
            override=override,
            use_cache=self.cache,
            tracking_uri=self.mlflow_uri,
            source_secret=self.source_secret,
            service_account=self.service_account,
            deploy=self.deploy,
            deploy_namespace=self.deploy_namespace,
            rollout_image=self.rollout_image,
        )

    def connect(self) -> Kubeflow:
        """The cluster's API; see ``Kubeflow.connect``."""
        from pipelines.cluster.kubeflow import Kubeflow

        return Kubeflow.connect(self.endpoint, self.context)


def other_pipeline(name: str, pipeline: Pipeline, chosen: Pipeline) -> InputError:
    """The error for an option of ``pipeline`` that is given with another one."""
    return InputError(f"{_flag(name)} belongs to the {pipeline.value} pipeline, but --pipeline is {chosen.value}")


def with_cluster_options(function: Callable[..., None]) -> Callable[..., None]:
    """``function`` with an option for each field of ``ClusterOptions`` in place of its parameter of that type."""
    own = inspect.signature(function, eval_str=True)
    (shared,) = [name for name, each in own.parameters.items() if each.annotation is ClusterOptions]
    types = get_type_hints(ClusterOptions, include_extras=True)
    options = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=types[each.name])
        for each in dataclasses.fields(ClusterOptions)
    ]
    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        parameters += options if parameter.name == shared else [parameter]

    @functools.wraps(function)
    def flat(**given: Any) -> None:
        values = {each.name: given.pop(each.name) for each in options}
        function(**given, **{shared: ClusterOptions(**values)})

    flat.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return flat


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
